// Text as the content of an HTML or SVG element, or of an attribute in double quotes.
#pragma once
#include <string>
#include <string_view>

namespace brunt {

// Also without what XML forbids: control characters become U+FFFD.
std::string escape_markup(std::string_view text);

}  // namespace brunt
