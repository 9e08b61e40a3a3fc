// Calendar time for expressions: RFC 3339 texts, strftime formats, offsets. UTC throughout, so that
// a plan means the same on every machine.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace brunt {

// Appends 2026-01-02T03:04:05.678Z. No allocation if `out` has room.
void append_rfc3339(WallTime time, std::string& out);

// strftime's conversions (%Y %m %d %H %M %S ...), and %L for milliseconds.
std::string format_time(WallTime time, std::string_view format);

// `offset`: a duration, with an optional sign: 1h, +90s, -2d. Errors: invalid.
Result<WallTime> shift_time(WallTime time, std::string_view offset);

}  // namespace brunt
