// Dates in HTTP fields and cookies. No clock: a WallTime comes in or goes out.
//
// Source: RFC 9110, section 5.6.7 (three forms); RFC 6265, section 5.1.1 (the lenient one).
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace brunt {

// "Sun, 06 Nov 1994 08:49:37 GMT": always 29 characters.
void append_http_date(std::string& out, WallTime time);

// Reads any of the forms by RFC 6265's lenient algorithm. Errors: malformed.
Result<WallTime> parse_http_date(std::string_view text);

}  // namespace brunt
