#!/bin/sh
# Bundles the page into FOLDER: page.js, page.css, notice.txt.
set -eu
folder=$1
mkdir -p "$folder"
cd "$(dirname "$0")"
. ../npm_packages.sh
node_modules/.bin/esbuild src/page.ts --bundle --minify --format=iife --target=es2020 \
  --legal-comments=none --log-level=warning --outdir="$folder"
{ echo "The charts are drawn by uPlot:"; cat node_modules/uplot/LICENSE; } >"$folder/notice.txt"
