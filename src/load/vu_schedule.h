// How many VUs a closed-model scenario has at each instant, and exactly when each one starts and
// stops.
//
// Between two targets the count follows a straight line: on the way up VU number k (from 1) starts
// when the line reaches k, on the way down it stops when the line reaches k - 1. A stage of 0 s is
// a jump. For a segment, VU numbers are shared out by Segment, so that at each instant the
// segments' counts sum up to the whole's, and a ramp never makes a count go the wrong way.
//
// Pure; whole nanoseconds; integers throughout. Source: k6, constant-vus and ramping-vus.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/time.h"
#include "load/scenario_options.h"
#include "load/segment.h"

namespace brunt {

class VuSchedule {
 public:
  static VuSchedule constant(std::uint64_t vus, Duration duration);
  static VuSchedule ramping(std::uint64_t start_vus, std::span<const Stage> stages);
  // By executor. REQUIRES: a closed-model executor, validated.
  static VuSchedule of(const ScenarioOptions& options);

  // Planned VUs at `elapsed` after the start; at and after duration() the last target.
  std::uint64_t vus_at(Duration elapsed) const;
  std::uint64_t vus_at(Duration elapsed, const Segment& segment) const;

  struct Change {
    Duration at{};
    std::uint64_t vus = 0;
    friend bool operator==(const Change&, const Change&) = default;
  };
  // The first instant after `elapsed` at which the segment's count is another than at `elapsed`,
  // with the count then. nullopt: it stays. O(stages left).
  std::optional<Change> next_change(Duration elapsed, const Segment& segment) const;

  // The largest count in [from, to], both included.
  std::uint64_t peak_between(Duration from, Duration to) const;
  std::uint64_t peak() const;
  Duration duration() const { return duration_; }

 private:
  struct Piece {
    Duration start{}, length{};
    std::uint64_t from = 0, to = 0;
    std::uint64_t at(Duration elapsed) const;
    std::optional<Duration> when(std::uint64_t vus) const;  // First instant with this count.
  };
  std::size_t piece_at(Duration elapsed) const;

  std::vector<Piece> pieces_;  // Of length > 0, without gaps.
  std::uint64_t last_ = 0;     // The count at the end.
  std::uint64_t peak_ = 0;
  Duration duration_{};
};

}  // namespace brunt
