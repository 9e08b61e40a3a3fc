// Confidence interval of a percentile of one run, from its per-second histograms.
//
// Requests of one run depend on each other, so they must not be resampled one by one. Whole blocks
// of seconds are: as long as a slow second still tells something about the next ones (the lag at
// which the share of slow requests is no longer autocorrelated), and at least 30 of them.
//
//   std::vector<CountedSecond> seconds = ...;                 // each second's buckets
//   const auto p99 = percentile_interval(seconds, {.quantile = 0.99, .seed = 1});
//   if (p99) ... "p99 = 41.2 ms, 95 % interval 39.8 to 44.0 ms"
//
// One seed, one result. An hour takes well under 200 ms: what is resampled are counts at or below
// cut points, not samples. Cut points are single buckets near the estimate and wider steps (1/64 of
// the distance) further out, so a bound far from the estimate is less fine than one near it.
//
// Source: H. R. Künsch, "The jackknife and the bootstrap for general stationary observations",
// Annals of Statistics 17 (1989); circular blocks: D. Politis, J. Romano (1992).
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"

namespace brunt {

struct CountedValue {
  double value = 0;  // What stands for the bucket; the same for the same bucket in every second.
  std::uint64_t count = 0;
};
using CountedSecond =
    std::vector<CountedValue>;  // Ascending by value; empty: nothing was measured.

struct BlockBootstrapOptions {
  double quantile = 0.99;    // In (0, 1).
  double confidence = 0.95;  // In (0, 1).
  std::uint32_t resamples = 2000;
  std::uint64_t seed = 1;
};

struct PercentileInterval {
  double low = 0, estimate = 0, high = 0;
  std::uint32_t block_seconds = 0;
  std::uint32_t blocks = 0;  // In each resample; at least blocks_min.
};

inline constexpr std::uint32_t blocks_min = 30;

// Errors: invalid if an option is out of range, nothing was measured, or there are fewer than 30
// blocks; the text says which and what would help.
Result<PercentileInterval> percentile_interval(std::span<const CountedSecond> seconds,
                                               const BlockBootstrapOptions& options);

}  // namespace brunt
