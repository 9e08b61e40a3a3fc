#include "base/units.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

#include "base/text.h"

namespace brunt {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

constexpr std::array<Unit, 9> duration_units = {{{"ns", 1},
                                                 {"us", 1e3},
                                                 {"µs", 1e3},
                                                 {"ms", 1e6},
                                                 {"s", 1e9},
                                                 {"m", 60e9},
                                                 {"min", 60e9},
                                                 {"h", 3600e9},
                                                 {"d", 86400e9}}};
constexpr std::array<Unit, 9> size_units = {{{"B", 1},
                                             {"", 1},
                                             {"kB", 1e3},
                                             {"KB", 1e3},
                                             {"KiB", 1024},
                                             {"MB", 1e6},
                                             {"MiB", 1024.0 * 1024},
                                             {"GB", 1e9},
                                             {"GiB", 1024.0 * 1024 * 1024}}};

// Takes a decimal number off the front of `text`.
Result<double> take_number(std::string_view& text) {
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc() || !std::isfinite(value))
    return fail(ErrorCode::invalid, "a number is missing");
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string_view take_unit(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && !is_digit(text[length]) && text[length] != '.') ++length;
  const auto unit = text.substr(0, length);
  text.remove_prefix(length);
  return unit;
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  const std::string_view whole = trim(text);
  const auto bad = [&](std::string_view why) {
    return fail(ErrorCode::invalid,
                fmt::format("\"{}\" is not a duration ({}); write it like 250ms, 30s or 1h30m",
                            whole, why));
  };
  if (whole == "0") return Duration{};
  if (whole.empty()) return bad("it is empty");
  std::string_view rest = whole;
  double total = 0;
  while (!rest.empty()) {
    const auto number = take_number(rest);
    if (!number) return bad("a number is missing");
    if (*number < 0) return bad("it is negative");
    const auto unit = take_unit(rest);
    if (unit.empty()) return bad("the unit is missing");
    double factor = 0;
    for (const auto& known : duration_units)
      if (known.name == unit) factor = known.factor;
    if (factor == 0) return bad(fmt::format("unknown unit \"{}\"", unit));
    total += *number * factor;
  }
  if (total > 9.2e18) return bad("it is longer than 292 years");
  return Duration(static_cast<std::int64_t>(std::llround(total)));
}

Result<DurationRange> parse_duration_range(std::string_view text) {
  const auto dots = text.find("..");
  if (dots == std::string_view::npos) {
    const Duration fixed = TRY(parse_duration(text));
    return DurationRange{fixed, fixed};
  }
  const DurationRange range{TRY(parse_duration(text.substr(0, dots))),
                            TRY(parse_duration(text.substr(dots + 2)))};
  if (range.low > range.high)
    return fail(ErrorCode::invalid,
                fmt::format("\"{}\" runs backwards: the smaller end comes first", trim(text)));
  return range;
}

Result<Rate> parse_rate(std::string_view text) {
  const std::string_view whole = trim(text);
  const auto bad = [&](std::string_view why) {
    return fail(ErrorCode::invalid,
                fmt::format("\"{}\" is not a rate ({}); write it like 500/s or 30/m", whole, why));
  };
  std::string_view rest = whole;
  Rate rate;
  const auto count = take_number(rest);
  if (!count) return bad("a number is missing");
  if (*count < 0) return bad("it is negative");
  rate.count = *count;
  if (rest.empty() || rest.front() != '/') return bad("the time unit is missing");
  rest.remove_prefix(1);
  const auto unit = parse_duration(rest.empty() || !is_digit(rest.front()) ? "1" + std::string(rest)
                                                                           : std::string(rest));
  if (!unit || *unit <= Duration{}) return bad(fmt::format("\"{}\" is no time unit", rest));
  rate.unit = *unit;
  return rate;
}

Result<std::uint64_t> parse_size(std::string_view text) {
  const std::string_view whole = trim(text);
  std::string_view rest = whole;
  const auto number = take_number(rest);
  const auto unit = trim(rest);
  if (number && *number >= 0)
    for (const auto& known : size_units)
      if (known.name == unit && *number * known.factor < 1.8e19)
        return static_cast<std::uint64_t>(std::llround(*number * known.factor));
  return fail(ErrorCode::invalid,
              fmt::format("\"{}\" is not a size; write it like 512B, 64KiB or 10MB", whole));
}

Result<double> parse_percent(std::string_view text) {
  const std::string_view whole = trim(text);
  std::string_view rest = whole;
  const auto number = take_number(rest);
  if (number && trim(rest) == "%") return *number / 100;
  if (number && trim(rest).empty()) return *number;
  return fail(ErrorCode::invalid,
              fmt::format("\"{}\" is not a share; write it like 0.1% or 0.001", whole));
}

Result<double> parse_number(std::string_view text) {
  double value = 0;
  const std::string_view whole = trim(text);
  const auto [end, error] = std::from_chars(whole.data(), whole.data() + whole.size(), value);
  if (error != std::errc() || end != whole.data() + whole.size() || !std::isfinite(value))
    return fail(ErrorCode::invalid, fmt::format("\"{}\" is not a number", whole));
  return value;
}

Result<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const std::string_view whole = trim(text);
  const auto [end, error] = std::from_chars(whole.data(), whole.data() + whole.size(), value);
  if (error != std::errc() || end != whole.data() + whole.size())
    return fail(ErrorCode::invalid, fmt::format("\"{}\" is not a whole number", whole));
  return value;
}

std::string format_duration(Duration duration) {
  const double ns = static_cast<double>(duration.count());
  const double magnitude = std::abs(ns);
  const auto scaled = [](double value, std::string_view unit) {
    const double size = std::abs(value);
    const int digits = size < 9.995 ? 2 : size < 99.95 ? 1 : 0;
    return fmt::format("{:.{}f}{}", value, digits, unit);
  };
  if (magnitude == 0) return "0s";
  if (magnitude < 999.5) return fmt::format("{}ns", duration.count());
  if (magnitude < 999.5e3) return scaled(ns / 1e3, "µs");
  if (magnitude < 999.5e6) return scaled(ns / 1e6, "ms");
  if (magnitude < 59.95e9) return scaled(ns / 1e9, "s");
  const auto total = static_cast<std::int64_t>(std::llround(magnitude / 1e9));
  const std::string sign = ns < 0 ? "-" : "";
  if (total < 3600) return fmt::format("{}{}m{:02}s", sign, total / 60, total % 60);
  return fmt::format("{}{}h{:02}m{:02}s", sign, total / 3600, total / 60 % 60, total % 60);
}

std::string format_bytes(double bytes) {
  constexpr std::array<std::string_view, 5> names = {"B", "kB", "MB", "GB", "TB"};
  std::size_t power = 0;
  while (std::abs(bytes) >= 999.5 && power + 1 < names.size()) {
    bytes /= 1000;
    ++power;
  }
  return power == 0 ? fmt::format("{:.0f} B", bytes)
                    : fmt::format("{:.1f} {}", bytes, names[power]);
}

std::string format_count(double count) {
  if (std::abs(count) >= 1e10) return fmt::format("{:.2f}G", count / 1e9);
  if (std::abs(count) >= 1e7) return fmt::format("{:.2f}M", count / 1e6);
  std::string digits = fmt::format("{:.0f}", count);
  const std::size_t first = digits.front() == '-' ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

std::string format_percent(double fraction) {
  const double percent = fraction * 100;
  if (percent == 0 || percent == 100) return fmt::format("{:.0f}%", percent);
  return fmt::format("{:.{}f}%", percent, std::abs(percent) < 0.1 ? 3 : 2);
}

}  // namespace brunt
