#include "record/series.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/bytes.h"

namespace brunt {

RecordRow make_row(const SecondRow& measured) {
  const Sink& sink = measured.sink;
  RecordRow row;
  row.series = measured.series->index;
  row.second = static_cast<std::uint32_t>(measured.second);
  row.count = sink.count();
  row.sum = sink.sum();
  row.min = sink.moments().min();
  row.max = sink.moments().max();
  if (sink.kind() == MetricKind::gauge) row.last = sink.last();
  if (sink.kind() == MetricKind::trend) {
    row.p50 = measured.p50;
    row.p95 = measured.p95;
    row.p99 = measured.p99;
    row.histogram = measured.histogram;
  }
  return row;
}

Result<Sink> sink_of(const RecordRow& row, MetricKind kind) {
  if (kind == MetricKind::trend)
    return Sink::restore(TRY(Histogram::decode(as_bytes(row.histogram))));
  Moments moments{.count = row.count, .sum = row.sum};
  if (row.count > 0) {
    moments.low = row.min;
    moments.high = row.max;
  }
  return Sink::restore(kind, moments, row.last);
}

std::vector<SecondRecord> SecondRecorder::take(std::int64_t second,
                                               std::span<const SecondRow> rows) {
  std::vector<SecondRecord> records;
  const auto record_of = [&](std::int64_t of) -> SecondRecord& {
    if (records.empty() || records.back().second != static_cast<std::uint32_t>(of))
      records.push_back({.origin = origin_,
                         .second = static_cast<std::uint32_t>(of),
                         .new_series = {},
                         .rows = {}});
    return records.back();
  };
  for (const SecondRow& row : rows) {
    ASSERT(row.second >= 0);
    SecondRecord& record = record_of(row.second);
    const std::uint32_t index = row.series->index;
    if (announced_.size() <= index) announced_.resize(index + std::size_t{1}, false);
    if (!announced_[index]) {
      announced_[index] = true;
      record.new_series.push_back(
          {.id = index, .metric = row.series->metric, .tags = row.series->tags});
    }
    record.rows.push_back(make_row(row));
  }
  if (records.empty()) record_of(second);
  return records;
}

}  // namespace brunt
