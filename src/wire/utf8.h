// Whether bytes are UTF-8, as protocols ask that say so of their texts. Eight bytes at a time where
// they are ASCII.
//
// Source: RFC 3629, section 4: no surrogates, nothing longer than need be, nothing above U+10FFFF.
#pragma once
#include <string_view>

namespace brunt {

bool is_utf8(std::string_view bytes);

}  // namespace brunt
