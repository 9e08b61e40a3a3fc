#include "plan/expression_time.h"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <ctime>
#include <iterator>

#include "base/units.h"

namespace brunt {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

struct Broken {
  std::tm calendar{};
  int milliseconds = 0;
};

Broken broken_down(WallTime time) {
  std::int64_t seconds = time.unix_ns / second_ns;
  std::int64_t rest = time.unix_ns % second_ns;
  if (rest < 0) {
    rest += second_ns;
    --seconds;
  }
  Broken result;
  const std::time_t unix_seconds = seconds;
  gmtime_r(&unix_seconds, &result.calendar);
  result.milliseconds = static_cast<int>(rest / 1'000'000);
  return result;
}

}  // namespace

void append_rfc3339(WallTime time, std::string& out) {
  const Broken at = broken_down(time);
  fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
                 at.calendar.tm_year + 1900, at.calendar.tm_mon + 1, at.calendar.tm_mday,
                 at.calendar.tm_hour, at.calendar.tm_min, at.calendar.tm_sec, at.milliseconds);
}

Result<std::string> format_time(WallTime time, std::string_view format) {
  const Broken at = broken_down(time);
  // strftime has no milliseconds: they are put in first, minding %%L.
  std::string conversions;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%' || i + 1 == format.size()) {
      conversions += format[i];
    } else if (format[++i] == 'L') {
      conversions += fmt::format("{:03}", at.milliseconds);
    } else {
      conversions += {'%', format[i]};
    }
  }
  if (conversions.empty()) return std::string();
  // strftime says 0 both for "too long" and for "empty": the space in front tells them apart.
  conversions.insert(0, " ");
  std::array<char, 256> text{};
  const std::size_t size =
      std::strftime(text.data(), text.size(), conversions.c_str(), &at.calendar);
  if (size == 0) return fail(ErrorCode::invalid, "date(): the result is longer than 255 bytes");
  return std::string(text.data() + 1, size - 1);
}

Result<WallTime> shift_time(WallTime time, std::string_view offset) {
  const bool back = offset.starts_with('-');
  if (back || offset.starts_with('+')) offset.remove_prefix(1);
  const std::int64_t shift = TRY(parse_duration(offset)).count();
  std::int64_t result = 0;
  if (__builtin_add_overflow(time.unix_ns, back ? -shift : shift, &result))
    return fail(ErrorCode::invalid, "the offset leads out of the calendar");
  return WallTime{result};
}

}  // namespace brunt
