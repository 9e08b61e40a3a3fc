#include "metrics/threshold_judge.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace brunt {
namespace {

constexpr Duration one_second = std::chrono::seconds(1);

bool has_window(const Threshold& threshold) {
  return threshold.condition.window > Duration{};
}

// Whether `candidate` is nearer to failing (or fails by more) than `worst`.
bool is_worse(ThresholdOperator comparison, double candidate, double worst) {
  switch (comparison) {
    case ThresholdOperator::less:
    case ThresholdOperator::less_or_equal:
      return candidate > worst;
    case ThresholdOperator::greater:
    case ThresholdOperator::greater_or_equal:
      return candidate < worst;
    case ThresholdOperator::equal:
    case ThresholdOperator::not_equal:
      break;
  }
  return true;
}

}  // namespace

Result<Threshold> make_threshold(const MetricRegistry& registry, std::string_view selector,
                                 std::string_view condition) {
  const auto make = [&]() -> Result<Threshold> {
    Threshold threshold;
    threshold.selector = TRY(parse_selector(selector));
    threshold.metric = registry.info(TRY(registry.find(threshold.selector.metric)));
    threshold.condition =
        TRY(parse_condition(condition, threshold.metric.kind, threshold.metric.contains));
    return threshold;
  };
  auto threshold = make();
  if (!threshold) return fail_in(selector, std::move(threshold).error());
  return threshold;
}

bool ThresholdOutcome::met() const {
  if (state == ThresholdState::no_samples) return threshold->no_samples == NoSamples::pass;
  return state == ThresholdState::ok;
}

ThresholdJudge::ThresholdJudge(std::vector<Threshold> thresholds, const Options& options)
    : thresholds_(std::move(thresholds)),
      warm_up_seconds_((options.warm_up + one_second - Duration(1)) / one_second),
      load_end_(options.load_end),
      is_of_fault_(options.is_of_fault) {
  for (const Threshold& threshold : thresholds_) {
    ASSERT(threshold.condition.window <= window_max);
    Watch& watch = watches_.emplace_back(threshold.metric.kind);
    watch.next = scope_start(threshold);
  }
}

std::int64_t ThresholdJudge::scope_start(const Threshold& threshold) const {
  return threshold.condition.scope == ThresholdScope::after_warm_up ? warm_up_seconds_ : 0;
}

bool ThresholdJudge::in_scope(const Threshold& threshold, std::int64_t second) const {
  if (second < scope_start(threshold)) return false;
  if (threshold.condition.faults == FaultScope::any) return true;
  const bool of_fault = is_of_fault_ && is_of_fault_(second);
  return of_fault == (threshold.condition.faults == FaultScope::during_faults);
}

// What a counter's rate is divided by.
Duration ThresholdJudge::time_in_scope(std::size_t index, Duration elapsed) const {
  const Threshold& threshold = thresholds_[index];
  if (threshold.condition.faults != FaultScope::any)
    return watches_[index].seconds_in_scope * one_second;
  return elapsed - scope_start(threshold) * one_second;
}

const std::vector<std::uint32_t>& ThresholdJudge::watching(const TotalSeries& series) {
  if (series.index >= watching_.size()) watching_.resize(series.index + std::size_t{1});
  auto& known = watching_[series.index];
  if (known) return *known;
  known.emplace();
  for (std::uint32_t i = 0; i < thresholds_.size(); ++i) {
    const Threshold& threshold = thresholds_[i];
    if (threshold.selector.matches(series.metric, series.tags) &&
        threshold.metric.kind == series.metric.kind)
      known->push_back(i);
  }
  return *known;
}

void ThresholdJudge::observe(std::int64_t second, std::span<const SecondRow> rows) {
  // Rows of several seconds may come at once: each is entered before the next second begins.
  for (auto row = rows.begin(); row != rows.end();) {
    const std::int64_t begun = row->second;
    for (std::size_t i = 0; i < watches_.size(); ++i) advance(i, begun);
    for (; row != rows.end() && row->second == begun; ++row)
      for (const std::uint32_t i : watching(*row->series)) add_row(i, *row);
    for (std::size_t i = 0; i < watches_.size(); ++i) add_gauges(i);
  }
  for (std::size_t i = 0; i < watches_.size(); ++i) advance(i, second);
  for (; next_second_ <= second; ++next_second_)
    for (std::size_t i = 0; i < watches_.size(); ++i)
      if (in_scope(thresholds_[i], next_second_)) ++watches_[i].seconds_in_scope;
}

void ThresholdJudge::add_row(std::size_t index, const SecondRow& row) {
  if (!in_scope(thresholds_[index], row.second)) return;
  Watch& watch = watches_[index];
  const MetricInfo& metric = row.series->metric;
  if (metric.kind == MetricKind::gauge && metric.merge == GaugeMerge::sum) {
    watch.gauges[row.series->index] = row.sink.last();
    watch.gauges_changed = true;
  } else {
    add(index, row.sink);
  }
}

// The VUs of all selected scenarios together are one value a second.
void ThresholdJudge::add_gauges(std::size_t index) {
  Watch& watch = watches_[index];
  if (!std::exchange(watch.gauges_changed, false)) return;
  Sink together(MetricKind::gauge);
  double sum = 0;
  for (const auto& [series, last] : watch.gauges) sum += last;
  together.add(sum);
  add(index, together);
}

void ThresholdJudge::add(std::size_t index, const Sink& sink) {
  watches_[index].total.merge(sink);
  if (has_window(thresholds_[index])) watches_[index].seconds.back().merge(sink);
}

// Begins the seconds up to `second`; each that began before is whole by now and can be judged.
void ThresholdJudge::advance(std::size_t index, std::int64_t second) {
  Watch& watch = watches_[index];
  if (!has_window(thresholds_[index])) return;
  const auto length = static_cast<std::size_t>(thresholds_[index].condition.window / one_second);
  for (; watch.next <= second; ++watch.next) {
    judge_newest(index);
    watch.seconds.emplace_back(thresholds_[index].metric.kind);
    if (watch.seconds.size() > length) watch.seconds.pop_front();
    watch.newest_judged = watch.seconds.size() < length;
  }
}

void ThresholdJudge::judge_newest(std::size_t index) {
  Watch& watch = watches_[index];
  if (std::exchange(watch.newest_judged, true)) return;
  const Condition& condition = thresholds_[index].condition;
  Sink sum(thresholds_[index].metric.kind);
  if (sum.kind() == MetricKind::counter && watch.next * one_second > load_end_) return;
  for (const Sink& second : watch.seconds) sum.merge(second);
  const auto measured = measure(condition, sum, condition.window);
  if (!measured) return;
  const Window window{*measured, watch.next - static_cast<std::int64_t>(watch.seconds.size())};
  ++watch.windows_judged;
  if (!watch.worst || is_worse(condition.comparison, window.measured, watch.worst->measured))
    watch.worst = window;
  if (holds(condition, window.measured)) return;
  ++watch.windows_failed;
  if (!watch.first_failed) watch.first_failed = window;
}

ThresholdOutcome ThresholdJudge::result(std::size_t index, Duration elapsed) {
  const Threshold& threshold = thresholds_[index];
  Watch& watch = watches_[index];
  ThresholdOutcome outcome;
  outcome.threshold = &threshold;
  if (has_window(threshold)) {
    if (elapsed >= watch.next * one_second) judge_newest(index);
    outcome.windows_judged = watch.windows_judged;
    outcome.windows_failed = watch.windows_failed;
    const auto& shown = watch.first_failed ? watch.first_failed : watch.worst;
    if (!shown) return outcome;
    outcome.measured = shown->measured;
    outcome.window_start = shown->start;
    outcome.state = watch.first_failed ? ThresholdState::failed : ThresholdState::ok;
    return outcome;
  }
  // Even a counter, whose 0 is a figure for us at any time.
  if (threshold.no_samples == NoSamples::pass && watch.total.empty()) return outcome;
  outcome.measured = measure(threshold.condition, watch.total, time_in_scope(index, elapsed));
  if (!outcome.measured) return outcome;
  outcome.state =
      holds(threshold.condition, *outcome.measured) ? ThresholdState::ok : ThresholdState::failed;
  return outcome;
}

std::vector<ThresholdOutcome> ThresholdJudge::results(Duration elapsed) {
  std::vector<ThresholdOutcome> all;
  for (std::size_t i = 0; i < thresholds_.size(); ++i) all.push_back(result(i, elapsed));
  return all;
}

std::vector<ThresholdOutcome> ThresholdJudge::final_results(Duration elapsed) {
  std::vector<ThresholdOutcome> all = results(elapsed);
  for (std::size_t i = 0; i < thresholds_.size(); ++i) {
    const Threshold& threshold = thresholds_[i];
    if (all[i].state != ThresholdState::no_samples || threshold.no_samples != NoSamples::pass ||
        has_window(threshold) || threshold.metric.kind == MetricKind::rate)
      continue;
    all[i].measured = 0;
    all[i].state = holds(threshold.condition, 0) ? ThresholdState::ok : ThresholdState::failed;
  }
  return all;
}

const Threshold* ThresholdJudge::abort_wanted(Duration elapsed) {
  for (std::size_t i = 0; i < thresholds_.size(); ++i) {
    const Threshold& threshold = thresholds_[i];
    if (threshold.on_fail != OnFail::abort || elapsed < threshold.delay_abort) continue;
    if (result(i, elapsed).state == ThresholdState::failed) return &threshold;
  }
  return nullptr;
}

}  // namespace brunt
