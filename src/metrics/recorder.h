// Where one loop's thread puts its measurements: series by metric and tags, each a sink, handed
// over once a second. One writer, no locks, no allocation once warm.
//
//   Series& duration = recorder.series(MetricId::http_req_duration, tags);   // look up once, keep
//   duration.add(time_value(elapsed));                                       // a few ns each
//   Snapshot second = recorder.freeze(12);       // on the loop's thread; give it to a helper
//   ... the helper reads it, then calls rinse(second) ...
//   recorder.recycle(std::move(second));         // on the loop's thread: the memory is used again
//
// A step caches the references it needs by what varies (step, status, ...): they stay valid as
// long as the recorder. recycle() is optional; without it each freeze costs allocations.
#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>

#include "metrics/metric.h"
#include "metrics/sink.h"
#include "metrics/snapshot.h"
#include "metrics/tags.h"

namespace brunt {

class Recorder;

class Series {
 public:
  // Time in ms, data in bytes; a counter's step; 0 or 1 for a rate. NaN and infinities are counted
  // as refused and otherwise left out.
  void add(double value) {
    if (attention_) [[unlikely]]
      attend(value);
    if (!sink_.add(value)) [[unlikely]]
      refuse();
  }
  void add(Duration elapsed) { add(time_value(elapsed)); }

  SeriesId id() const { return id_; }

  Series(Recorder& owner, SeriesId id, MetricKind kind);  // For Recorder only.
  Series(const Series&) = delete;
  Series& operator=(const Series&) = delete;

 private:
  friend class Recorder;
  void attend(double value);
  void refuse();

  Recorder& owner_;
  Sink sink_;
  std::optional<Sink> spare_;  // Empty; takes the place of sink_ at the next freeze.
  Series* next_changed_ = nullptr;
  SeriesId id_;
  bool attention_ = true;  // The first value since the freeze, or every value when tapped.
  bool changed_ = false;
};

enum class SampleTap : std::uint8_t {
  off,
  on,  // Keep every sample beside the sums: for outputs that write them all (--out json, csv).
};

class Recorder {
 public:
  struct Limits {
    std::uint32_t series_max = 100'000;  // Further ones share a series tagged overflow:true.
    std::uint32_t tapped_samples_max = 4u << 20u;  // Each freeze; 40 bytes a sample.
  };
  struct Options {
    SampleTap tap = SampleTap::off;
    Limits limits;
  };

  // `registry` must outlive the recorder, and not change.
  Recorder(const MetricRegistry& registry, const Options& options);
  explicit Recorder(const MetricRegistry& registry) : Recorder(registry, Options{}) {}

  TagTable& tags() { return tags_; }

  // The series of this metric with these tags; the same one each time. Beyond series_max it is the
  // metric's overflow series.
  Series& series(MetricId metric, TagSetId tags);

  // Hands over what changed since the last freeze. Takes time for the changed series only.
  Snapshot freeze(std::int64_t second);

  // Takes back a snapshot that has been rinsed, for its memory. REQUIRES: one of this recorder's.
  void recycle(Snapshot snapshot);

  // When and where the samples that follow were taken. Needed only if tapping().
  bool tapping() const { return options_.tap == SampleTap::on; }
  void stamp(const SampleStamp& stamp) { stamp_ = stamp; }

  std::size_t series_count() const { return all_.size(); }
  std::size_t memory_bytes() const;  // Of the series; walks over all of them.

  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

 private:
  friend class Series;
  Series& create(MetricId metric, TagSetId tags);

  const MetricRegistry& registry_;
  Options options_;
  TagTable tags_;
  std::deque<Series> all_;  // By SeriesId; never shrinks, so references stay.
  std::unordered_map<std::uint64_t, Series*> by_key_;
  Series* changed_ = nullptr;
  std::size_t changed_count_ = 0;
  SampleStamp stamp_;
  Snapshot pending_;                   // What the next freeze hands over beside the rows.
  std::vector<SeriesRow> spare_rows_;  // Capacity only.
  std::vector<TappedSample> spare_samples_;
};

// Empties a snapshot that was read, so that its memory can be recycled. On the helper: it is the
// slow part. A sink that holds far more memory than its last second needed is given back.
void rinse(Snapshot& snapshot);

}  // namespace brunt
