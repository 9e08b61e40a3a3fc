#include "stats/autocorrelation.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/assert.h"

namespace brunt {

std::vector<double> autocorrelation(std::span<const double> series, std::size_t lag_max) {
  ASSERT(lag_max < series.size());
  const auto n = static_cast<double>(series.size());
  const double mean = std::accumulate(series.begin(), series.end(), 0.0) / n;
  std::vector<double> result(lag_max + 1, 0.0);
  double variance = 0;
  for (const double value : series) variance += (value - mean) * (value - mean);
  result[0] = 1;
  // Rounding makes a constant series vary a little; that is no correlation.
  if (variance <= n * 1e-24 * std::max(1.0, mean * mean)) return result;
  for (std::size_t lag = 1; lag <= lag_max; ++lag) {
    double sum = 0;
    for (std::size_t i = lag; i < series.size(); ++i)
      sum += (series[i] - mean) * (series[i - lag] - mean);
    result[lag] = sum / variance;
  }
  return result;
}

std::optional<std::size_t> decorrelation_lag(std::span<const double> series, std::size_t lag_max) {
  const double bound = std::max(0.05, 1.645 / std::sqrt(static_cast<double>(series.size())));
  const std::vector<double> r = autocorrelation(series, lag_max);
  for (std::size_t lag = 1; lag <= lag_max; ++lag)
    if (r[lag] < bound) return lag;
  return std::nullopt;
}

}  // namespace brunt
