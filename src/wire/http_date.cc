#include "wire/http_date.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

#include "base/text.h"

namespace brunt {
namespace {

constexpr std::array<std::string_view, 12> months = {"jan", "feb", "mar", "apr", "may", "jun",
                                                     "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> weekdays = {"Sun", "Mon", "Tue", "Wed",
                                                      "Thu", "Fri", "Sat"};
constexpr std::int64_t ns_each_second = 1'000'000'000;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// RFC 6265, 5.1.1: everything but these may stand between the parts of a date.
bool is_delimiter(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == 0x09 || (byte >= 0x20 && byte <= 0x2F) || (byte >= 0x3B && byte <= 0x40) ||
         (byte >= 0x5B && byte <= 0x60) || (byte >= 0x7B && byte <= 0x7E);
}

// Between `least` and `most` digits at the begin, and no further digit behind them.
std::optional<int> leading_number(std::string_view text, std::size_t least, std::size_t most) {
  std::size_t count = 0;
  int number = 0;
  while (count < text.size() && count <= most && is_digit(text[count]))
    number = number * 10 + (text[count++] - '0');
  if (count < least || count > most) return std::nullopt;
  return number;
}

struct Parts {
  std::optional<int> second_of_day, day, month, year;
};

std::optional<int> read_time(std::string_view token) {
  const auto parts = split(token, ':');
  if (parts.size() != 3) return std::nullopt;
  const auto hour = leading_number(parts[0], 1, 2);
  const auto minute = leading_number(parts[1], 1, 2);
  const auto second = leading_number(parts[2], 1, 2);
  if (!hour || !minute || !second || parts[0].size() > 2 || parts[1].size() > 2)
    return std::nullopt;
  if (*hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  return *hour * 3600 + *minute * 60 + *second;
}

std::optional<int> read_month(std::string_view token) {
  const auto found = std::ranges::find(months, to_lower(token.substr(0, 3)));
  if (found == months.end()) return std::nullopt;
  return static_cast<int>(found - months.begin()) + 1;
}

// Whether the token was this part of the date, which was not known yet.
bool take(std::optional<int>& part, std::optional<int> read) {
  if (part || !read) return false;
  part = read;
  return true;
}

// The first part that a token can be and that is not known yet.
void read_token(std::string_view token, Parts& parts) {
  if (take(parts.second_of_day, read_time(token))) return;
  if (take(parts.day, leading_number(token, 1, 2))) return;
  if (take(parts.month, read_month(token))) return;
  take(parts.year, leading_number(token, 2, 4));
}

}  // namespace

void append_http_date(std::string& out, WallTime time) {
  using std::chrono::days;
  using std::chrono::seconds;
  const std::chrono::sys_seconds at(
      seconds(time.unix_ns / ns_each_second - (time.unix_ns % ns_each_second < 0 ? 1 : 0)));
  const auto day = std::chrono::floor<days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(at - day);
  const auto month_index = static_cast<unsigned>(date.month()) - 1;
  std::string month(months[month_index]);
  month.front() = static_cast<char>(month.front() - 'a' + 'A');
  fmt::format_to(std::back_inserter(out), "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                 weekdays[std::chrono::weekday(day).c_encoding()],
                 static_cast<unsigned>(date.day()), month, static_cast<int>(date.year()),
                 clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

Result<WallTime> parse_http_date(std::string_view text) {
  Parts parts;
  std::size_t at = 0;
  while (at < text.size()) {
    if (is_delimiter(text[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && !is_delimiter(text[end])) ++end;
    read_token(text.substr(at, end - at), parts);
    at = end;
  }
  const auto bad = [&] {
    return fail(ErrorCode::malformed, fmt::format("\"{}\" is no date", text));
  };
  if (!parts.second_of_day || !parts.day || !parts.month || !parts.year) return bad();
  int year = *parts.year;
  if (year >= 70 && year <= 99) year += 1900;
  if (year <= 69) year += 2000;
  const std::chrono::year_month_day date(std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(*parts.month)),
                                         std::chrono::day(static_cast<unsigned>(*parts.day)));
  // Before 1601 RFC 6265 refuses; beyond 2261 nanoseconds since 1970 overflow.
  if (!date.ok() || year < 1678 || year > 2261) return bad();
  const auto seconds =
      std::chrono::sys_days(date).time_since_epoch().count() * 86400LL + *parts.second_of_day;
  return WallTime{seconds * ns_each_second};
}

}  // namespace brunt
