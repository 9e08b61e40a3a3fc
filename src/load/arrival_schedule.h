// When each iteration of an open-model scenario is due: pure arithmetic on a piecewise linear rate.
//
//   constant rate r:  iteration i (from 0) is due at i / r; the first at 0; all before the end.
//   ramping:          iteration i is due when the area under the rate reaches i + 1, so that the
//                     first is not at 0 and the last may be at the very end. In a stage that begins
//                     at s with rate a, ends after d with rate b, and has area A before it:
//                       x = i + 1 - A,   due = s + 2x / (a + sqrt(a² + 2x(b - a)/d))
//   poisson:          a unit-rate Poisson process, sent through the same inverse area: the expected
//                     number of starts in any interval is the one the rate promises.
//
// Whole nanoseconds, computed from i each time and never summed up, so nothing drifts.
//
//   for (ArrivalCursor cursor(schedule, segment); cursor.current(); cursor.advance()) …
//
// Source: k6, constant-arrival-rate and ramping-arrival-rate.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "base/prng.h"
#include "base/time.h"
#include "load/scenario_options.h"
#include "load/segment.h"

namespace brunt {

class ArrivalSchedule {
 public:
  // REQUIRES: options passed validate() and are of one of the two arrival-rate executors.
  explicit ArrivalSchedule(const ScenarioOptions& options);

  // Even spacing: when iteration `index` is due after the start; nullopt: there is none.
  std::optional<Duration> due(std::uint64_t index) const;

  Duration duration() const { return duration_; }
  // How many iterations there are (even), or are to be expected (poisson).
  std::uint64_t planned() const;
  double each_second_at(Duration elapsed) const;  // The rate.

 private:
  friend class ArrivalCursor;
  // Times in ns, rates in starts for each ns-scaled unit: long double has 64 bits of mantissa, so
  // that an index of 10^15 is still exact to the nanosecond.
  struct Piece {
    long double start = 0, length = 0;         // Nanoseconds.
    long double rate_from = 0, rate_to = 0;    // For each time unit.
    long double area_before = 0, area_to = 0;  // Starts.
  };
  // The instant at which the area reaches `area`; `piece` is where to begin to look, and is moved.
  std::optional<Duration> reached(long double area, std::size_t& piece) const;

  std::vector<Piece> pieces_;
  long double unit_ = 1e9L;
  long double first_area_ = 0;  // The area at which iteration 0 is due: 0 constant, 1 ramping.
  Duration duration_{};
  Arrivals arrivals_ = Arrivals::even;
  std::uint64_t seed_ = 1;
};

struct Arrival {
  std::uint64_t index = 0;             // In the whole scenario, from 0.
  std::uint64_t index_in_segment = 0;  // From 0.
  Duration due{};                      // After the scenario's start.
};

// Walks the arrivals of one segment in order. A small value: a copy goes on by itself and gives the
// same arrivals, also for poisson. The schedule and the segment must outlive it.
class ArrivalCursor {
 public:
  ArrivalCursor(const ArrivalSchedule& schedule, const Segment& segment);

  const std::optional<Arrival>& current() const { return current_; }
  void advance();

 private:
  void find(std::uint64_t index_in_segment);

  const ArrivalSchedule* schedule_;
  const Segment* segment_;
  std::optional<Arrival> current_;
  std::uint64_t planned_;  // In the whole.
  std::size_t piece_ = 0;
  // poisson: the unit-rate process up to and with item `unit_items_ - 1`.
  Prng prng_;
  long double unit_time_ = 0;
  std::uint64_t unit_items_ = 0;
};

}  // namespace brunt
