// Everything of one run in memory, just finished or loaded from a ledger; and the questions that
// reports, judgements, and comparisons ask of it.
//
// It owns all it holds and is not shared between threads. Series are unique by metric and tags;
// rows of several origins (hosts, segments) refer to the same series and merge exactly.
//
//   const Selector cart{"http_req_duration", {{"name", "/cart"}}};
//   if (const auto served = record.merged(cart, record.after_warm_up()))
//     served->histogram().quantile(0.99);
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "metrics/histogram.h"
#include "metrics/sink.h"
#include "metrics/totals.h"
#include "record/facts.h"
#include "record/run_info.h"
#include "record/series.h"

namespace brunt {

// Seconds [from, to) after the start.
struct SecondWindow {
  std::uint32_t from = 0, to = 0;
  std::uint32_t length() const { return to > from ? to - from : 0; }
  bool holds(std::uint32_t second) const { return from <= second && second < to; }
  friend bool operator==(const SecondWindow&, const SecondWindow&) = default;
};

struct RunRecord {
  RunInfo run;
  std::vector<ScenarioInfo> scenarios;
  std::vector<std::string> origins;  // Rows name them by index.
  std::vector<SeriesInfo> series;    // series[i].id == i.
  std::vector<RecordRow> rows;       // Ascending by second.
  std::vector<CheckResult> checks;
  std::vector<ThresholdResult> thresholds;
  std::vector<RunEvent> events;
  std::vector<LogLine> logs;
  std::vector<SubjectValue> subjects;
  std::vector<ServiceProfile> profiles;
  std::vector<std::string> notes;  // What a reader must know: seconds that were lost, a full disk.

  std::uint32_t seconds() const;  // One more than the last second that has a row.
  Duration duration() const;      // ended - started where the end is known, else seconds().
  SecondWindow all() const { return {0, seconds()}; }
  // Without the warm-up, rounded up to whole seconds; everything where nothing would be left.
  SecondWindow after_warm_up() const;

  // The rows of all matching series in the window as one sink; nullopt where there is none. A gauge
  // with GaugeMerge::sum adds up what its series and origins have in one second; its last() is the
  // newest second's and min and max are over the seconds. Rows that cannot be decoded are left out
  // (load() has told of them).
  std::optional<Sink> merged(const Selector& selector, SecondWindow window) const;

  // The same for each second of the window: element i is second window.from + i.
  std::vector<std::optional<Sink>> by_second(const Selector& selector, SecondWindow window) const;

  std::vector<std::uint32_t> matching(const Selector& selector) const;  // Indices of series.
  const MetricInfo* find_metric(std::string_view name) const;
  std::vector<std::string> metrics() const;  // Distinct names, sorted.
  // The distinct values of `tag` among the series of `metric`, sorted; without "".
  std::vector<std::string> tag_values(std::string_view metric, std::string_view tag) const;
};

// Puts the seconds of any number of origins into a record, whatever ids each gave its series.
class RecordBuilder {
 public:
  explicit RecordBuilder(RunRecord& record);  // Must outlive it; may hold seconds already.

  // Errors: malformed if a row's series was never announced by its origin.
  Result<> append(const SecondRecord& second);

  // The record's series for this metric and these tags; adds it.
  std::uint32_t series(const MetricInfo& metric, const TagSet& tags);
  std::uint16_t origin(std::string_view name);

 private:
  RunRecord& record_;
  std::unordered_map<std::string, std::uint32_t> by_name_;             // metric{tags}
  std::vector<std::unordered_map<std::uint32_t, std::uint32_t>> ids_;  // Each origin's id -> ours.
};

}  // namespace brunt
