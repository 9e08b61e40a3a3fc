#include <chrono>

#include "service/iot/measurement_reader.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;

constexpr int year_min = 1970;
constexpr int year_max = 2261;  // The last whole one that 64 bits of nanoseconds reach.

std::unexpected<Error> no_time() {
  return fail(ErrorCode::invalid,
              "`time` is not a time: write 2026-11-22T08:49:41Z, or milliseconds since 1970");
}

// Takes fixed-width digits and single characters off the front.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool number(std::size_t digits, int& value) {
    if (rest_.size() < digits) return false;
    value = 0;
    for (std::size_t index = 0; index < digits; ++index) {
      if (rest_[index] < '0' || rest_[index] > '9') return false;
      value = value * 10 + (rest_[index] - '0');
    }
    rest_.remove_prefix(digits);
    return true;
  }
  bool one_of(std::string_view wanted) {
    if (rest_.empty() || wanted.find(rest_.front()) == wanted.npos) return false;
    taken_ = rest_.front();
    rest_.remove_prefix(1);
    return true;
  }
  char taken() const { return taken_; }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
  char taken_ = 0;
};

bool read_fraction(Scanner& scanner, std::int64_t& us) {
  int digit = 0;
  int count = 0;
  for (std::int64_t weight = 100'000; scanner.number(1, digit); weight /= 10, ++count)
    us += digit * weight;
  return count > 0 && count <= 9;
}

bool read_offset(Scanner& scanner, std::chrono::minutes& offset) {
  if (scanner.one_of("Zz")) return true;
  if (!scanner.one_of("+-")) return false;
  const int sign = scanner.taken() == '-' ? -1 : 1;
  int hours = 0;
  int minutes = 0;
  if (!scanner.number(2, hours) || !scanner.one_of(":") || !scanner.number(2, minutes))
    return false;
  if (hours > 23 || minutes > 59) return false;
  offset = sign * (std::chrono::hours(hours) + std::chrono::minutes(minutes));
  return true;
}

}  // namespace

Result<std::int64_t> parse_rfc3339_us(std::string_view text) {
  Scanner scanner(text);
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (!scanner.number(4, year) || !scanner.one_of("-") || !scanner.number(2, month) ||
      !scanner.one_of("-") || !scanner.number(2, day) || !scanner.one_of("Tt ") ||
      !scanner.number(2, hour) || !scanner.one_of(":") || !scanner.number(2, minute) ||
      !scanner.one_of(":") || !scanner.number(2, second))
    return no_time();
  std::int64_t fraction_us = 0;
  if (scanner.one_of(".") && !read_fraction(scanner, fraction_us)) return no_time();
  std::chrono::minutes offset{};
  if (!read_offset(scanner, offset) || !scanner.at_end()) return no_time();

  const std::chrono::year_month_day date(std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  // 60 is a leap second: it becomes the first of the next minute.
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return no_time();
  if (year < year_min || year > year_max)
    return fail(ErrorCode::invalid, "`time` must lie in the years 1970 to 2261");
  const auto instant = std::chrono::sys_days(date) + std::chrono::hours(hour) +
                       std::chrono::minutes(minute) + std::chrono::seconds(second) - offset;
  return std::chrono::duration_cast<std::chrono::microseconds>(instant.time_since_epoch()).count() +
         fraction_us;
}

}  // namespace brunt
