#!/bin/sh
# Writes the bundled files of FOLDER as C++ arrays into OUT (report/page_files.h declares them).
set -eu
folder=$1
out=$2
{
  echo '#include "report/page_files.h"'
  echo 'namespace brunt {'
  echo 'namespace {'
  for name in js css; do
    echo "constexpr unsigned char ${name}_bytes[] = {"
    od -An -v -tu1 "$folder/page.$name" | sed 's/  */,/g; s/^,//; s/$/,/'
    echo '};'
  done
  echo 'constexpr unsigned char notice_bytes[] = {'
  od -An -v -tu1 "$folder/notice.txt" | sed 's/  */,/g; s/^,//; s/$/,/'
  echo '};'
  echo 'template <std::size_t Size>'
  echo 'std::string_view text_of(const unsigned char (&bytes)[Size]) {'
  echo '  return {reinterpret_cast<const char*>(bytes), Size};'
  echo '}'
  echo '}  // namespace'
  echo 'std::string_view page_script() { return text_of(js_bytes); }'
  echo 'std::string_view page_style() { return text_of(css_bytes); }'
  echo 'std::string_view page_notice() { return text_of(notice_bytes); }'
  echo '}  // namespace brunt'
} >"$out.part"
mv "$out.part" "$out"
