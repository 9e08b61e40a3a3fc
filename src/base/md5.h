// MD5 of a text, as 32 hexadecimal digits: what HTTP's digest authentication and k6's ids are made
// of. Not for secrets: it is broken as a protection.
//
//   md5_hex("abc");  // "900150983cd24fb0d6963f7d28e17f72"
//
// Source: RFC 1321.
#pragma once
#include <string>
#include <string_view>

namespace brunt {

std::string md5_hex(std::string_view text);

}  // namespace brunt
