#include "plan/expression_time.h"

#include <fmt/format.h>

#include <ctime>
#include <iomanip>
#include <iterator>
#include <locale>
#include <sstream>

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
  // Cannot fail: 64 bits of nanoseconds end in the year 2262.
  static_cast<void>(gmtime_r(&unix_seconds, &result.calendar));
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

std::string format_time(WallTime time, std::string_view format) {
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
  std::ostringstream text;
  text.imbue(std::locale::classic());
  text << std::put_time(&at.calendar, conversions.c_str());
  return std::move(text).str();
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
