// Watches thresholds while a run goes on, second by second, and says in the end which ones held.
//
//   ThresholdJudge judge(thresholds, {.warm_up = 10s});
//   judge.observe(12, totals.close_second(12));     // every second, in order, also empty ones
//   if (judge.abort_wanted(elapsed)) ...            // as often as k6 does: every 2 s
//   for (const ThresholdOutcome& result : judge.results(elapsed)) ...
//
// It keeps its own sums, so it needs neither
// Totals nor the record; memory is a sink a threshold, and a sink a second for windows.
//
// No samples: k6 lets such a threshold pass, and so does NoSamples::pass. An expectation of a plan
// (NoSamples::fail) is then not met: "p99 < 250ms" of nothing proves nothing. A counter without
// samples is 0, which is a figure; a window without samples is left out.
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "metrics/threshold.h"

namespace brunt {

enum class NoSamples : std::uint8_t { pass, fail };
enum class OnFail : std::uint8_t { go_on, abort };  // k6's abortOnFail.

struct Threshold {
  Selector selector;
  Condition condition;
  MetricInfo metric;  // The selector's.
  OnFail on_fail = OnFail::go_on;
  Duration delay_abort{};  // From the run's start until abort is considered: delayAbortEval.
  NoSamples no_samples = NoSamples::fail;
};

// Parses both parts against the registry. Errors: invalid, not_found (no such metric, with the
// nearest name); the text names the threshold.
Result<Threshold> make_threshold(const MetricRegistry& registry, std::string_view selector,
                                 std::string_view condition);

enum class ThresholdState : std::uint8_t { ok, failed, no_samples };

struct ThresholdOutcome {
  const Threshold* threshold = nullptr;  // Valid as long as the judge.
  ThresholdState state = ThresholdState::no_samples;
  std::optional<double> measured;  // With `over`: of the first window that failed, else the worst.
  std::optional<std::int64_t> window_start;  // Second, with `over`.
  std::uint32_t windows_failed = 0;
  std::uint32_t windows_judged = 0;

  // Whether it counts as met: ok, or no samples where these pass.
  bool met() const;
};

class ThresholdJudge {
 public:
  struct Options {
    Duration warm_up{};  // Rounded up to whole seconds.
    // When the last load is planned. A counter's windows that end later are not judged: in the
    // graceful stop a rate falls for no fault of the target.
    Duration load_end = Duration::max();
    // Whether a second counts as one of a fault; asked when it is observed. Empty: none does.
    std::function<bool(std::int64_t second)> is_of_fault;
  };
  static constexpr Duration window_max = std::chrono::hours(1);  // parse_condition refuses longer.

  ThresholdJudge(std::vector<Threshold> thresholds, const Options& options);

  // `second` rises with each call. Rows as Totals::close_second gives them; rows of earlier seconds
  // (an origin was late) count for the sums and for the newest window.
  void observe(std::int64_t second, std::span<const SecondRow> rows);

  // In the thresholds' order. `elapsed` since the run's start; windows that end later than it are
  // not judged, as their last second is not whole.
  std::vector<ThresholdOutcome> results(Duration elapsed);
  // The same when the run is over: with NoSamples::pass what was never measured, in no window, is
  // judged by the figure 0, as in k6, but for a rate, which passes.
  std::vector<ThresholdOutcome> final_results(Duration elapsed);

  // The first threshold with OnFail::abort that fails now, past its delay; nullptr if none.
  const Threshold* abort_wanted(Duration elapsed);

  const std::vector<Threshold>& thresholds() const { return thresholds_; }

  ThresholdJudge(const ThresholdJudge&) = delete;
  ThresholdJudge& operator=(const ThresholdJudge&) = delete;

 private:
  struct Window {
    double measured = 0;
    std::int64_t start = 0;
  };
  struct Watch {
    explicit Watch(MetricKind kind) : total(kind) {}

    Sink total;
    std::int64_t seconds_in_scope = 0;
    // Of gauges that are summed up (vus): each series' last value, by its index.
    std::map<std::uint32_t, double> gauges;
    bool gauges_changed = false;
    std::deque<Sink> seconds;   // With a window: its seconds, the newest last.
    std::int64_t next = 0;      // The second after the newest.
    bool newest_judged = true;  // Whether the window that ends with the newest second is judged.
    std::uint32_t windows_judged = 0, windows_failed = 0;
    std::optional<Window> worst, first_failed;
  };

  void add_row(std::size_t index, const SecondRow& row);
  void add_gauges(std::size_t index);
  void add(std::size_t index, const Sink& sink);
  void advance(std::size_t index, std::int64_t second);
  void judge_newest(std::size_t index);
  ThresholdOutcome result(std::size_t index, Duration elapsed);
  std::int64_t scope_start(const Threshold& threshold) const;
  bool in_scope(const Threshold& threshold, std::int64_t second) const;
  Duration time_in_scope(std::size_t index, Duration elapsed) const;
  const std::vector<std::uint32_t>& watching(const TotalSeries& series);

  std::vector<Threshold> thresholds_;
  std::vector<Watch> watches_;
  std::vector<std::optional<std::vector<std::uint32_t>>> watching_;  // By series index.
  std::int64_t warm_up_seconds_;
  Duration load_end_;
  std::function<bool(std::int64_t)> is_of_fault_;
  std::int64_t next_second_ = 0;  // To be counted into seconds_in_scope.
};

}  // namespace brunt
