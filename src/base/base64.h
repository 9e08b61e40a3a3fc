// Base64 with padding, and the URL-safe alphabet. Source: RFC 4648, sections 4 and 5.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

namespace brunt {

std::string base64_encode(std::string_view bytes);
std::string base64url_encode(std::string_view bytes);  // Without padding.
Result<std::string> base64_decode(
    std::string_view text);  // Either alphabet, padding optional. Errors: malformed.

}  // namespace brunt
