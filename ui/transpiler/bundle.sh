#!/bin/sh
# Bundles the transpiler and writes it as a C++ array into OUT (src/script/transpiler.h declares it).
set -eu
out=$1
cd "$(dirname "$0")"
. ../npm_packages.sh
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
