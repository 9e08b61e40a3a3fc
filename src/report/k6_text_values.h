// Figures as k6 writes them at the end of a run: "1.2 kB", "31.41ms", "98.21%", "12 out of 14".
//
//   k6_value(98.214, {.name = "took", .kind = MetricKind::trend, .contains = Contains::time}, "");
//   // "98.21ms"
//
// Source: what k6 prints.
#pragma once
#include <string>
#include <vector>

#include "report/k6_metrics.h"

namespace brunt {

// `unit`: "s", "ms" or "us" for durations; "": what suits each.
std::string k6_value(double value, const MetricInfo& metric, std::string_view unit);

// Of a counter its count and rate, of a gauge its last, smallest and largest value, of a rate its
// share and "PASSES out of ALL". REQUIRES: no trend.
std::vector<std::string> k6_values(const K6Metric& metric, double seconds, std::string_view unit);

// One statistic of a trend: "p(95)", "count". "": there is no such one.
std::string k6_trend_value(const K6Metric& metric, std::string_view statistic,
                           std::string_view unit);

}  // namespace brunt
