// Series: one metric under one set of tags; and what each gave in each second.
//
// A RecordRow holds exact sums and an encoded histogram, so that any window of any run can be
// merged again without loss. Its percentiles are there for SQL and charts only: they are never
// averaged. The generator's own health is series too (generator_cpu, generator_loop_lag, ...).
//
//   SecondRecorder recorder("bench-7");                     // the origin's name
//   ledger.append(recorder.take(12, totals.close_second(12)));
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "metrics/metric.h"
#include "metrics/sink.h"
#include "metrics/tags.h"
#include "metrics/totals.h"

namespace brunt {

struct SeriesInfo {
  std::uint32_t id = 0;  // Unique within the origin; within a RunRecord its index.
  MetricInfo metric;
  TagSet tags;

  friend bool operator==(const SeriesInfo&, const SeriesInfo&) = default;
};

// What one series of one origin gave in second `second` after the run's start.
//
// | kind    | count   | sum            | min, max       | last       | p50 p95 p99   | histogram |
// | counter | samples | what was added | of the samples | 0          | 0             | ""        |
// | rate    | samples | those not zero | of the samples | 0          | 0             | ""        |
// | gauge   | samples | of the samples | of the samples | the newest | 0             | ""        |
// | trend   | samples | of the samples | of the samples | 0          | of the second | encoded   |
struct RecordRow {
  std::uint32_t series = 0;
  std::uint16_t origin = 0;  // Index into RunRecord::origins.
  std::uint32_t second = 0;
  std::uint64_t count = 0;
  double sum = 0, min = 0, max = 0, last = 0;
  double p50 = 0, p95 = 0, p99 = 0;
  std::string histogram;  // Histogram::encode(), sparse.

  friend bool operator==(const RecordRow&, const RecordRow&) = default;
};

RecordRow make_row(const SecondRow& measured);  // series is the TotalSeries' index, origin 0.

// The row as a sink again. Errors: malformed (a damaged histogram).
Result<Sink> sink_of(const RecordRow& row, MetricKind kind);

// Everything of one second of one origin: what the conductor hands to the ledger once a second.
struct SecondRecord {
  std::string origin;  // "host", or "host 1/4" for a segment.
  std::uint32_t second = 0;
  std::vector<SeriesInfo> new_series;  // Those first seen in this second; rows name them by id.
  std::vector<RecordRow> rows;
};

// Turns what Totals hands out into records; remembers which series were announced already.
class SecondRecorder {
 public:
  explicit SecondRecorder(std::string origin) : origin_(std::move(origin)) {}
  // One record for each second that the rows name (close_second may hand out several), ascending;
  // an empty one for `second` when there are no rows, so that a quiet second is a second.
  std::vector<SecondRecord> take(std::int64_t second, std::span<const SecondRow> rows);

 private:
  std::string origin_;
  std::vector<bool> announced_;  // By series index.
};

}  // namespace brunt
