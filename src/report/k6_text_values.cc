#include "report/k6_text_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/assert.h"
#include "metrics/threshold.h"

namespace brunt {
namespace {

// At most so many decimals, without zeros at the end.
std::string trimmed(double value, int decimals) {
  std::string text = fmt::format("{:.{}f}", value, decimals);
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  return text == "-0" ? "0" : text;
}

// Cut off, not rounded.
std::string cut(double value, int decimals) {
  const double power = std::pow(10, decimals);
  return trimmed(std::trunc(value * power) / power, decimals);
}

std::string bytes_text(double bytes) {
  constexpr std::array<const char*, 9> units = {"B",  "kB", "MB", "GB", "TB",
                                                "PB", "EB", "ZB", "YB"};
  if (bytes < 10) return fmt::format("{} B", bytes);
  const double power = std::floor(std::log(bytes) / std::log(1000.0));
  const auto unit = std::min(static_cast<std::size_t>(power), units.size() - 1);
  const double value = std::floor(bytes / std::pow(1000.0, power) * 10 + 0.5) / 10;
  return fmt::format("{:.{}f} {}", value, value < 10 ? 1 : 0, units[unit]);
}

std::string duration_text(double ms) {
  if (ms == 0) return "0s";
  if (ms < 0.001) return fmt::format("{:.0f}ns", std::trunc(ms * 1e6));
  if (ms < 1) return cut(ms * 1000, 2) + "µs";
  if (ms < 1000) return cut(ms, 2) + "ms";
  std::string text = cut(std::fmod(ms, 60'000) / 1000, ms > 60'000 ? 0 : 2) + "s";
  const auto minutes = static_cast<std::uint64_t>(ms / 60'000);
  if (minutes < 1) return text;
  text = fmt::format("{}m{}", minutes % 60, text);
  return minutes < 60 ? text : fmt::format("{}h{}", minutes / 60, text);
}

std::string duration_text(double ms, std::string_view unit) {
  if (unit == "s") return fmt::format("{:.2f}s", ms / 1000);
  if (unit == "ms") return fmt::format("{:.2f}ms", ms);
  if (unit == "us") return fmt::format("{:.2f}µs", ms * 1000);
  return duration_text(ms);
}

}  // namespace

std::string k6_value(double value, const MetricInfo& metric, std::string_view unit) {
  if (metric.kind == MetricKind::rate)
    return fmt::format("{:.2f}%", std::trunc(value * 100 * 100) / 100);
  if (metric.contains == Contains::data) return bytes_text(value);
  if (metric.contains == Contains::time) return duration_text(value, unit);
  return trimmed(value, 6);
}

std::vector<std::string> k6_values(const K6Metric& metric, double seconds, std::string_view unit) {
  const Sink& total = metric.total;
  const auto show = [&](double value) { return k6_value(value, metric.info, unit); };
  if (total.kind() == MetricKind::counter)
    return {show(total.sum()), show(total.sum() / seconds) + "/s"};
  if (total.kind() == MetricKind::gauge) {
    const Moments& moments = total.moments();
    return {show(total.last()), "min=" + show(moments.min()), "max=" + show(moments.max())};
  }
  ASSERT(total.kind() == MetricKind::rate);
  return {show(total.share()), fmt::format("{} out of {}", total.hits(), total.count())};
}

std::string k6_trend_value(const K6Metric& metric, std::string_view statistic,
                           std::string_view unit) {
  const auto figure = parse_statistic(statistic, MetricKind::trend);
  if (!figure) return "";
  const double value = measure(*figure, metric.total, {}).value_or(0);
  return figure->statistic == Statistic::count ? trimmed(value, 0)
                                               : k6_value(value, metric.info, unit);
}

}  // namespace brunt
