// Adds up the snapshots of all threads and processes: for each series the whole run so far, and
// for each second the merged row that the record keeps.
//
//   totals.merge(origin, snapshot);                    // every origin's, in its order
//   for (SecondRow& row : totals.close_second(12)) ... // once all origins have sent second 12
//   totals.select({"http_req_duration", tags})         // a k6 submetric, whole run
//
// Belongs to one thread (the conductor's helper).
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "metrics/metric.h"
#include "metrics/sink.h"
#include "metrics/snapshot.h"
#include "metrics/tags.h"

namespace brunt {

// Some series of one metric: those that carry all these tags. `http_req_duration{status:200}`.
struct Selector {
  std::string metric;
  TagSet tags;  // Empty: all of them.

  bool matches(const MetricInfo& info, const TagSet& with) const {
    return info.name == metric && brunt::matches(with, tags);
  }
  std::string text() const;
  friend bool operator==(const Selector&, const Selector&) = default;
};

// A merged series over its whole life.
struct TotalSeries {
  std::uint32_t index = 0;  // Its place in Totals::all(): stable.
  MetricInfo metric;
  TagSet tags;
  Sink total;
};

// One series in one second, over all origins.
struct SecondRow {
  const TotalSeries* series = nullptr;  // Valid as long as the Totals.
  std::int64_t second = 0;
  Sink sink;  // What happened in this second alone; gauges: their last value.

  // A trend's figures; zero for the others.
  double p50 = 0, p95 = 0, p99 = 0;
  std::string histogram;  // Encoded; empty for the others.
};

class Totals {
 public:
  struct Limits {
    std::uint32_t seconds_open_max = 3'600;  // More is a caller that does not close them.
    std::uint32_t series_max = 1'000'000;
  };

  explicit Totals(Limits limits) : limits_(limits) {}
  Totals() : Totals(Limits{}) {}

  // Origins are numbers of your own (thread, process). A snapshot of a second that was closed
  // already counts for the totals and for the next second that closes. Errors: malformed if a row's
  // series was never defined or changes its kind (a broken child); exhausted. A gauge's values
  // enter the totals when their second closes.
  Result<> merge(std::uint32_t origin, const Snapshot& snapshot);

  // The origin has merged its last: from that second on its gauges are no part of sums.
  void end(std::uint32_t origin);

  // Hands out second `second` and every earlier one still open, ascending by second, then series.
  std::vector<SecondRow> close_second(std::int64_t second);

  const std::deque<TotalSeries>& all() const { return series_; }

  // The selected series' whole run as one sink; nullopt if no series matches or none has a value.
  // Gauges that are summed up (vus of several scenarios) are the sum of the series' last values;
  // their min and max are sums, too, and so bounds.
  std::optional<Sink> select(const Selector& selector) const;

  // The metric's info, if any series of it has been seen.
  const MetricInfo* find_metric(std::string_view name) const;

  std::uint64_t samples_missed() const { return samples_missed_; }
  std::uint64_t values_refused() const { return values_refused_; }
  std::uint64_t series_overflowed() const;  // Over all origins.

  Totals(const Totals&) = delete;
  Totals& operator=(const Totals&) = delete;

 private:
  struct Origin {
    std::vector<std::uint32_t> series;  // SeriesId -> index here.
    std::uint64_t series_overflowed = 0;
    std::int64_t second = -1;  // Of its last snapshot.
    bool ended = false;
  };
  struct OpenSeries {
    Sink sink;
    std::map<std::uint32_t, double> gauges;  // By origin: a gauge's last value in this second.
  };
  using OpenSecond = std::map<std::uint32_t, OpenSeries>;  // By series index.

  Result<std::uint32_t> define(const SeriesDefinition& definition);
  Result<> merge_row(std::uint32_t origin, const SeriesRow& row, OpenSecond& second);
  void drop_ended(std::int64_t second);
  SecondRow close_row(TotalSeries& series, OpenSeries& open);
  Sink close_gauge(TotalSeries& series, const OpenSeries& open);

  Limits limits_;
  std::deque<TotalSeries> series_;
  std::unordered_map<std::string, std::uint32_t> by_name_;  // `metric{tags}` -> index.
  std::unordered_map<std::uint32_t, Origin> origins_;
  // Of gauges that are summed up: series index, then origin, to the last value.
  std::unordered_map<std::uint32_t, std::map<std::uint32_t, double>> gauges_;
  std::map<std::int64_t, OpenSecond> open_;
  std::int64_t closed_ = -1;  // The last second handed out.
  std::uint64_t samples_missed_ = 0;
  std::uint64_t values_refused_ = 0;
};

}  // namespace brunt
