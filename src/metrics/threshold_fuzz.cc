// Fuzz target: the threshold reader. What it accepts must have usable figures, and its text must
// read again to the same condition.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "metrics/threshold.h"

using namespace brunt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const MetricKind kind :
       {MetricKind::counter, MetricKind::gauge, MetricKind::rate, MetricKind::trend}) {
    for (const Contains contains : {Contains::standard, Contains::time, Contains::data}) {
      const auto condition = parse_condition(text, kind, contains);
      if (!condition) continue;
      const auto again = parse_condition(condition->text, kind, contains);
      const bool sound = again && again->limit == condition->limit &&
                         std::isfinite(condition->limit) && condition->percentile >= 0 &&
                         condition->percentile <= 100 && condition->window <= std::chrono::hours(1);
      if (!sound) std::abort();
      (void)measure(*condition, Sink(kind), std::chrono::seconds(1));
    }
  }
  if (const auto selector = parse_selector(text)) {
    if (!check_metric_name(selector->metric)) std::abort();
  }
  return 0;
}
