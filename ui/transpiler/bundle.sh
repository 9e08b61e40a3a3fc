#!/bin/sh
# Bundles the transpiler and writes it as a C++ array into OUT (src/script/transpiler.h declares it). `npm ci` runs only when
# the lock file has changed since the last one here, so a build with node_modules in place needs no network.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$1
cd "$here"
# Two build folders share node_modules: one installs, the other waits.
exec 9>"$here/.bundle.lock"
flock 9
want=$(sha256sum package-lock.json | cut -d' ' -f1)
if [ "$(cat node_modules/.installed 2>/dev/null || true)" != "$want" ]; then
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
  echo "$want" >node_modules/.installed
fi
node_modules/.bin/esbuild src/main.js --bundle --minify --format=iife --target=es2020 \
  --legal-comments=none --log-level=warning --outfile="$out.js"
{
  echo '#include "script/transpiler.h"'
  echo 'namespace brunt {'
  echo 'namespace {'
  echo 'constexpr unsigned char bytes[] = {'
  # A NUL behind it: the engine wants one.
  od -An -v -tu1 "$out.js" | sed 's/  */,/g; s/^,//; s/$/,/'
  echo '0};'
  echo '}  // namespace'
  echo 'const std::string_view transpiler_source{reinterpret_cast<const char*>(bytes), sizeof bytes - 1};'
  echo '}  // namespace brunt'
} >"$out.part"
mv "$out.part" "$out"
