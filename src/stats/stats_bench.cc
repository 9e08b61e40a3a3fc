// What the statistics at the end of a run cost.
#include <benchmark/benchmark.h>

#include <cmath>
#include <map>

#include "base/prng.h"
#include "stats/block_bootstrap.h"

namespace brunt {
namespace {

// An hour of 2,000 requests a second over some 300 buckets in each second.
std::vector<CountedSecond> an_hour() {
  Prng prng(1);
  std::vector<CountedSecond> hour;
  for (int s = 0; s < 3600; ++s) {
    std::map<double, std::uint64_t> counts;
    for (int i = 0; i < 500; ++i) counts[std::floor((1 + prng.exponential(3)) * 100) / 100] += 4;
    CountedSecond& second = hour.emplace_back();
    for (const auto& [value, count] : counts) second.push_back({value, count});
  }
  return hour;
}

void percentile_interval_of_an_hour(benchmark::State& state) {
  const auto hour = an_hour();
  for (auto _ : state) benchmark::DoNotOptimize(percentile_interval(hour, {.quantile = .99})->high);
}
BENCHMARK(percentile_interval_of_an_hour)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace brunt
