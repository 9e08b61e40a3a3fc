// Thresholds as text: which series, which figure of theirs, and what it must be. k6's grammar, with
// units, windows, and warm-up added.
//
//   selector:   metric | metric{tag:value, tag:value}              exact values, all must match
//   condition:  figure op limit [over DURATION] [after warm-up] [outside faults | during faults]
//   figure:     counter  count rate              rate    rate count
//               gauge    value min max           trend   avg min max med count p(0..100)
//   op:         < <= > >= == === !=
//   limit:      a number; or with a unit that fits: 250ms (time), 10MB (data), 0.1% (rate),
//               100/s (a counter's rate). A bare number is ms, bytes, a fraction, per second.
//
//   const Selector which = TRY(parse_selector("http_req_duration{name:/x,status:200}"));
//   const Condition what = TRY(parse_condition("p(95) < 250ms over 10s", MetricKind::trend,
//                                              Contains::time));
//
// `over 10s`: must hold in every stretch of ten whole seconds. `outside faults`: without the
// seconds in which a fault of the plan was in force; not together with `over`. Every k6 threshold
// reads the same here; `count` of rates and trends, `min` and `max` of gauges, units, and the
// suffixes are ours. threshold_judge.h evaluates them.
//
// Source: k6 documentation, "Thresholds".
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "metrics/metric.h"
#include "metrics/sink.h"
#include "metrics/totals.h"

namespace brunt {

enum class Statistic : std::uint8_t { count, rate, value, avg, min, max, med, percentile };
enum class ThresholdOperator : std::uint8_t {
  less,
  less_or_equal,
  greater,
  greater_or_equal,
  equal,
  not_equal
};
std::string_view symbol_of(ThresholdOperator comparison);  // "<="

enum class ThresholdScope : std::uint8_t { whole_run, after_warm_up };

enum class FaultScope : std::uint8_t { any, outside_faults, during_faults };

struct Condition {
  Statistic statistic = Statistic::count;
  double percentile = 0;  // 0 to 100, for Statistic::percentile.
  ThresholdOperator comparison = ThresholdOperator::less;
  double limit = 0;   // In the metric's unit: ms, bytes, fraction, per second.
  Duration window{};  // Zero: the whole scope at once.
  ThresholdScope scope = ThresholdScope::whole_run;
  FaultScope faults = FaultScope::any;
  std::string text;  // As it was written, trimmed: k6's summary shows it so.
};

// Errors: invalid, with the column and what may stand there.
Result<Selector> parse_selector(std::string_view text);
Result<Condition> parse_condition(std::string_view text, MetricKind kind, Contains contains);

// The figure alone, e.g. `p(99)` of --summary-trend-stats. Only statistic and percentile are set.
Result<Condition> parse_statistic(std::string_view text, MetricKind kind);
std::string format_statistic(const Condition& condition);  // "p(99)", "avg"

// The condition's figure of `sink`, in the metric's unit. `elapsed` is what a counter's rate is
// divided by. nullopt: the sink is empty, except that a counter's is 0 then.
std::optional<double> measure(const Condition& condition, const Sink& sink, Duration elapsed);

bool holds(const Condition& condition, double measured);

// The figure with its unit: "412ms", "0.12%", "98.4/s".
std::string format_figure(const Condition& condition, const MetricInfo& metric, double figure);

}  // namespace brunt
