#include <algorithm>
#include <optional>
#include <vector>

#include "report/figures.h"
#include "stats/block_bootstrap.h"

namespace brunt {

void add_intervals(const RunRecord& record, Figures& figures) {
  if (!figures.whole) return;
  std::vector<CountedSecond> seconds;
  for (const auto& sink : record.by_second({figures.whole->metric, {}}, figures.window)) {
    CountedSecond& second = seconds.emplace_back();
    if (!sink) continue;
    for (const Histogram::Bucket& bucket : sink->histogram().buckets())
      second.push_back({.value = bucket.high, .count = bucket.count});
  }
  Latency& latency = figures.whole->latency;
  const auto interval = [&](double quantile, double estimate) -> std::optional<FigureInterval> {
    const auto found =
        percentile_interval(seconds, {.quantile = quantile, .seed = record.run.seed});
    if (!found) return std::nullopt;  // Too few seconds: none is better than a guess.
    // A bucket's edge stands for its values here, so the estimate may lie a thousandth outside.
    return FigureInterval{.low = std::min(found->low, estimate),
                          .high = std::max(found->high, estimate)};
  };
  latency.p50_interval = interval(0.5, latency.p50);
  latency.p90_interval = interval(0.9, latency.p90);
  latency.p95_interval = interval(0.95, latency.p95);
  latency.p99_interval = interval(0.99, latency.p99);
}

}  // namespace brunt
