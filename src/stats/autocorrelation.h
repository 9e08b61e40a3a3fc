// Autocorrelation of a series: how much a value says about those that follow. Requests of one run
// are autocorrelated (a slow second is followed by slow ones), so intervals must be made from
// blocks longer than that memory.
//
// Source: G. E. P. Box, G. M. Jenkins, Time Series Analysis (1976), section 2.1.5.
#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace brunt {

// r[0] = 1, r[1] ... r[lag_max]; of a constant series all zero but r[0]. REQUIRES: lag_max <
// series.size().
std::vector<double> autocorrelation(std::span<const double> series, std::size_t lag_max);

// The first lag, from 1 to lag_max, at which the autocorrelation is no longer to be seen: below
// 0.05, or below what chance alone gives one series in twenty (1.645/sqrt(n)). nullopt: none is.
std::optional<std::size_t> decorrelation_lag(std::span<const double> series, std::size_t lag_max);

}  // namespace brunt
