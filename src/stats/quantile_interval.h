// Confidence interval of a quantile, for any distribution, from order statistics.
//
// Use it to say how far a measured p99 can be trusted. Samples must be independent: do not feed
// it successive requests of one run (see block_bootstrap.h); runs' p99s are fine.
//
//   const auto p99 = TRY(quantile_interval(sorted_latencies_ms, {.quantile = 0.99}));
//   // "p99 = 41.2 ms, 95 % interval 39.8 to 44.0 ms"
//
// Source: W. J. Conover, Practical Nonparametric Statistics, 3rd ed. (1999), section 3.2.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"

namespace brunt {

struct QuantileIntervalOptions {
  double quantile = 0.5;     // In (0, 1): 0.99 for p99.
  double confidence = 0.95;  // In (0, 1). The interval's coverage is at least this.
};

struct QuantileInterval {
  double low = 0, estimate = 0, high = 0;  // In the samples' unit; low <= estimate <= high.
  double coverage = 0;  // What was reached: at least `confidence`, as ranks are whole.
};

// `sorted` must ascend (asserted) and hold no NaN. Takes no memory and no randomness; O(n) for the
// assertion, O(log n) for the rest.
// Errors: invalid if no two ranks reach the confidence; its text says how many samples would do
// (p99 at 95 % needs 299).
Result<QuantileInterval> quantile_interval(std::span<const double> sorted,
                                           const QuantileIntervalOptions& options);

// The same as ranks among `samples` sorted samples, counted from 1, for samples that are only
// counted (histograms). Half of the remaining risk lies in each tail where ranks allow it. low = 0:
// no lower bound; high = samples + 1: no upper bound, print the estimate with a "≥".
struct QuantileRanks {
  std::uint64_t low = 0, high = 0;
  double coverage = 0;
};
// REQUIRES: options in range, samples > 0.
QuantileRanks quantile_ranks(std::uint64_t samples, const QuantileIntervalOptions& options);

// The least number of samples with which quantile_interval() succeeds. REQUIRES: options in range.
std::uint64_t samples_needed(const QuantileIntervalOptions& options);

}  // namespace brunt
