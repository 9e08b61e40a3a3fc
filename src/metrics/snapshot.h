// What one recorder measured in one second: the series that changed, and the definitions of the
// series that are new. Moved from a loop's thread to a helper; between processes in its wire form.
//
// A series is defined once, in the first snapshot it is in, and known by its id from then on: feed
// an origin's snapshots to Totals in their order, all of them.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "metrics/metric.h"
#include "metrics/sink.h"
#include "metrics/tags.h"

namespace brunt {

enum class SeriesId : std::uint32_t {};  // Counted from 0 by each recorder.

struct SeriesDefinition {
  SeriesId id{};
  MetricInfo metric;
  TagSet tags;
};

struct SeriesRow {
  SeriesId id{};
  Sink sink;
};

// Where a tapped sample was taken: the step sets it before it records (recorder.h).
struct SampleStamp {
  WallTime at;
  std::uint32_t vu = 0;
  std::uint64_t iteration = 0;
};

struct TappedSample {
  SeriesId series{};
  SampleStamp stamp;
  double value = 0;
};

struct Snapshot {
  std::int64_t second = 0;  // Whole seconds since the run's start.
  std::vector<SeriesDefinition> defined;
  std::vector<SeriesRow> rows;
  std::vector<TappedSample> samples;    // Only when the tap is on; in the order they were taken.
  std::uint64_t samples_missed = 0;     // The tap's buffer was full.
  std::uint64_t values_refused = 0;     // NaN or infinite.
  std::uint64_t series_overflowed = 0;  // Series asked for beyond the limit, since the start.
};

// The wire form, for a pipe between processes (framing is the pipe's business).
std::string encode_snapshot(const Snapshot& snapshot);
// Takes the whole of `bytes`. Errors: malformed.
Result<Snapshot> decode_snapshot(ByteView bytes);

}  // namespace brunt
