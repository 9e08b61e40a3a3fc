#include "stats/quantile_interval.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>

#include "base/assert.h"

namespace brunt {
namespace {

bool in_range(const QuantileIntervalOptions& options) {
  return options.quantile > 0 && options.quantile < 1 && options.confidence > 0 &&
         options.confidence < 1;
}

// How many of the samples lie below the true quantile is Bin(samples, quantile).
class Below {
 public:
  Below(std::uint64_t samples, double quantile)
      : samples_(samples), binomial_(static_cast<double>(samples), quantile) {}

  double less_than(std::uint64_t rank) const {  // P(count < rank)
    return rank == 0 ? 0 : boost::math::cdf(binomial_, static_cast<double>(rank - 1));
  }
  double at_least(std::uint64_t rank) const {  // P(count >= rank)
    if (rank == 0) return 1;
    return rank > samples_ ? 0
                           : boost::math::cdf(
                                 boost::math::complement(binomial_, static_cast<double>(rank - 1)));
  }

  // The highest rank (0 if none) below which the count falls with at most this probability.
  std::uint64_t lower_rank(double tail) const {
    std::uint64_t fits = 0, fails = samples_ + 1;
    while (fails - fits > 1) {
      const std::uint64_t middle = fits + (fails - fits) / 2;
      (less_than(middle) <= tail ? fits : fails) = middle;
    }
    return fits;
  }
  // The lowest rank (samples + 1 if none) that the count reaches with at most this probability.
  std::uint64_t upper_rank(double tail) const {
    std::uint64_t fails = 0, fits = samples_ + 1;
    while (fits - fails > 1) {
      const std::uint64_t middle = fails + (fits - fails) / 2;
      (at_least(middle) <= tail ? fits : fails) = middle;
    }
    return fits;
  }

 private:
  std::uint64_t samples_;
  boost::math::binomial binomial_;
};

// What both extremes together leave uncovered.
double risk_of_extremes(double samples, double quantile) {
  return std::pow(quantile, samples) + std::pow(1 - quantile, samples);
}

}  // namespace

QuantileRanks quantile_ranks(std::uint64_t samples, const QuantileIntervalOptions& options) {
  ASSERT(in_range(options) && samples > 0);
  const double risk = 1 - options.confidence;
  const Below below(samples, options.quantile);
  QuantileRanks ranks{below.lower_rank(risk / 2), below.upper_rank(risk / 2), 0};
  // Where half of the risk is too little for an end, the extreme may still do with more of it.
  const bool extremes_do = risk_of_extremes(static_cast<double>(samples), options.quantile) <= risk;
  if (ranks.high > samples && extremes_do) {
    ranks.high = samples;
    ranks.low = below.lower_rank(risk - below.at_least(samples));
  } else if (ranks.low == 0 && extremes_do) {
    ranks.low = 1;
    ranks.high = below.upper_rank(risk - below.less_than(1));
  }
  ranks.coverage = 1 - below.less_than(ranks.low) - below.at_least(ranks.high);
  return ranks;
}

std::uint64_t samples_needed(const QuantileIntervalOptions& options) {
  ASSERT(in_range(options));
  constexpr std::uint64_t enough = 1ULL << 50U;
  const double risk = 1 - options.confidence;
  std::uint64_t fails = 0, fits = enough;
  while (fits - fails > 1) {
    const std::uint64_t middle = fails + (fits - fails) / 2;
    const bool do_fit = risk_of_extremes(static_cast<double>(middle), options.quantile) <= risk;
    (do_fit ? fits : fails) = middle;
  }
  return fits;
}

Result<QuantileInterval> quantile_interval(std::span<const double> sorted,
                                           const QuantileIntervalOptions& options) {
  if (!in_range(options))
    return fail(ErrorCode::invalid, "quantile and confidence must lie between 0 and 1");
  ASSERT(std::ranges::is_sorted(sorted));
  const auto too_few = [&] {
    return fail(ErrorCode::invalid,
                fmt::format("{} samples are too few for a {}% interval of the {} quantile: it "
                            "needs {}",
                            sorted.size(), options.confidence * 100, options.quantile,
                            samples_needed(options)));
  };
  if (sorted.empty()) return too_few();
  const QuantileRanks ranks = quantile_ranks(sorted.size(), options);
  if (ranks.low == 0 || ranks.high > sorted.size()) return too_few();
  const double rank =
      std::ceil(std::nextafter(options.quantile, 0.0) * static_cast<double>(sorted.size()));
  const auto estimate = static_cast<std::uint64_t>(std::max(rank, 1.0));
  return QuantileInterval{sorted[ranks.low - 1], sorted[estimate - 1], sorted[ranks.high - 1],
                          ranks.coverage};
}

}  // namespace brunt
