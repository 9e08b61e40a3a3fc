#include "record/run_info.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <utility>

#include "base/assert.h"
#include "base/text.h"

namespace brunt {
namespace {

constexpr std::array<std::string_view, 4> status_names = {"running", "finished", "interrupted",
                                                          "aborted"};

struct Calendar {
  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<Duration> time;
};

Calendar calendar_of(WallTime time) {
  const std::chrono::sys_time<Duration> instant{Duration(time.unix_ns)};
  const auto day = std::chrono::floor<std::chrono::days>(instant);
  return {.date = std::chrono::year_month_day(day),
          .time = std::chrono::hh_mm_ss<Duration>(instant - day)};
}

}  // namespace

std::string_view name_of(RunStatus status) {
  return status_names[std::to_underlying(status)];
}

Result<RunStatus> parse_run_status(std::string_view name) {
  for (std::size_t i = 0; i < status_names.size(); ++i)
    if (status_names[i] == name) return static_cast<RunStatus>(i);
  return fail(ErrorCode::invalid, "\"" + std::string(name) + "\" is no status of a run" +
                                      did_you_mean(name, status_names));
}

std::string make_run_id(WallTime started, Prng& prng) {
  // Without 0, 1, l, o: they are mistaken for each other when read aloud or typed.
  constexpr std::string_view letters = "abcdefghijkmnpqrstuvwxyz23456789";
  const auto [date, time] = calendar_of(started);
  std::string id =
      fmt::format("{:04}{:02}{:02}-{:02}{:02}{:02}-", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  time.hours().count(), time.minutes().count(), time.seconds().count());
  for (int i = 0; i < 4; ++i)
    id += letters[static_cast<std::size_t>(
        prng.between(std::int64_t{0}, static_cast<std::int64_t>(letters.size()) - 1))];
  return id;
}

std::string format_wall_time(WallTime wall, int fraction_digits) {
  ASSERT(fraction_digits >= 0 && fraction_digits <= 9);
  const auto [date, time] = calendar_of(wall);
  std::string text =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  time.hours().count(), time.minutes().count(), time.seconds().count());
  if (fraction_digits > 0) {
    const std::string nanoseconds = fmt::format("{:09}", time.subseconds().count());
    text += '.' + nanoseconds.substr(0, static_cast<std::size_t>(fraction_digits));
  }
  return text + 'Z';
}

Result<WallTime> parse_wall_time(std::string_view text) {
  constexpr std::string_view shape = "0000-00-00T00:00:00";
  const auto malformed = [&] {
    return fail(ErrorCode::malformed,
                "\"" + std::string(text) + "\" is no time like 2026-11-22T08:44:10Z");
  };
  if (text.size() <= shape.size() || text.size() > shape.size() + 11 || !text.ends_with('Z'))
    return malformed();
  std::array<int, 6> numbers{};
  std::size_t number = 0;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] != '0') {
      if (text[i] != shape[i]) return malformed();
      ++number;
    } else {
      if (text[i] < '0' || text[i] > '9') return malformed();
      numbers[number] = numbers[number] * 10 + (text[i] - '0');
    }
  }
  std::int64_t nanoseconds = 0;
  const std::string_view fraction = text.substr(shape.size(), text.size() - shape.size() - 1);
  if (!fraction.empty() && (fraction[0] != '.' || fraction.size() == 1)) return malformed();
  std::int64_t digit = 100'000'000;
  for (const char c : fraction.substr(fraction.empty() ? 0 : 1)) {
    if (c < '0' || c > '9') return malformed();
    nanoseconds += (c - '0') * digit;
    digit /= 10;
  }
  using namespace std::chrono;
  const year_month_day date{year(numbers[0]), month(static_cast<unsigned>(numbers[1])),
                            day(static_cast<unsigned>(numbers[2]))};
  if (!date.ok() || numbers[3] > 23 || numbers[4] > 59 || numbers[5] > 59) return malformed();
  const Duration since = sys_days(date).time_since_epoch() + hours(numbers[3]) +
                         minutes(numbers[4]) + seconds(numbers[5]);
  return WallTime{since.count() + nanoseconds};
}

}  // namespace brunt
