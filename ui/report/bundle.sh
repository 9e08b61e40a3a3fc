#!/bin/sh
# Bundles the page into FOLDER: page.js, page.css, notice.txt. `npm ci` runs only when the lock file
# has changed since the last one here, so a build with node_modules in place needs no network.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=$1
mkdir -p "$folder"
cd "$here"
# Two build folders share node_modules: one installs, the other waits.
exec 9>"$here/.bundle.lock"
flock 9
want=$(sha256sum package-lock.json | cut -d' ' -f1)
if [ "$(cat node_modules/.installed 2>/dev/null || true)" != "$want" ]; then
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
  echo "$want" >node_modules/.installed
fi
node_modules/.bin/esbuild src/page.ts --bundle --minify --format=iife --target=es2020 \
  --legal-comments=none --log-level=warning --outdir="$folder"
{ echo "The charts are drawn by uPlot:"; cat node_modules/uplot/LICENSE; } >"$folder/notice.txt"
