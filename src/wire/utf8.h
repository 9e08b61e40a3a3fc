// Whether bytes are UTF-8, as protocols ask that say so of their texts. Eight bytes at a time where
// they are ASCII.
//
// Source: RFC 3629, section 4: no surrogates, nothing longer than need be, nothing above U+10FFFF.
#pragma once
#include <cstddef>
#include <string_view>

namespace brunt {

bool is_utf8(std::string_view bytes);

// How many bytes at the end begin a character and do not end it: 0 to 3.
std::size_t cut_utf8_bytes(std::string_view bytes);

}  // namespace brunt
