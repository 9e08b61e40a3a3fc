// Numbers with units, as plans and options write them: 154ms, 500/s, 64KiB, 0.1%, 25s..35s; and the
// way back to text.
//
// Every parser wants the whole text and gives `invalid` with what it expected. A duration without a
// unit is an error: nobody should have to guess.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace brunt {

// ns, us, µs, ms, s, m, h, d; several in a row add up: 1h2m3.5s. "0" alone is zero. Negative is an
// error.
Result<Duration> parse_duration(std::string_view text);

struct DurationRange {
  Duration low{}, high{};  // low <= high; equal for a fixed duration.
  friend bool operator==(const DurationRange&, const DurationRange&) = default;
};
Result<DurationRange> parse_duration_range(std::string_view text);  // `2s` or `25s..35s`.

// Events for each time unit, as written: 500/s, 30/m, 7200/h, 10/500ms.
struct Rate {
  double count = 0;
  Duration unit = std::chrono::seconds(1);
  double each_second() const { return count / seconds_of(unit); }
  friend bool operator==(const Rate&, const Rate&) = default;
};
Result<Rate> parse_rate(std::string_view text);

Result<std::uint64_t> parse_size(
    std::string_view text);  // Bytes: 12, 12B, 64KiB, 1MiB, 2GiB, 10kB, 5MB, 1GB.
Result<double> parse_percent(
    std::string_view text);  // `0.1%` gives 0.001; a bare number is taken as a fraction.
Result<double> parse_number(std::string_view text);         // Decimal, finite.
Result<std::int64_t> parse_integer(std::string_view text);  // Decimal.

// Three significant digits and the unit that fits: 1.53ms, 250µs, 2.40s, 3m20s.
std::string format_duration(Duration duration);
std::string format_bytes(double bytes);       // 1.50 MB, decimal as k6 does.
std::string format_count(double count);       // 12,345 or 1.23M from ten million on.
std::string format_percent(double fraction);  // 0.12%

}  // namespace brunt
