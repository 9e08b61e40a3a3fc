// Time as brunt uses it: a Duration in nanoseconds, an Instant of the monotonic clock, and a
// WallTime of the calendar.
//
// Nothing reads a clock by itself: an Instant comes from the loop (Loop::now, virtual under
// simulation), or from a Clock that came in through a constructor. Literals: `using namespace
// std::chrono_literals; 250ms`.
#pragma once
#include <chrono>
#include <cstdint>

namespace brunt {

using Duration = std::chrono::nanoseconds;

// The monotonic clock's type. It has no now(): see above.
struct MonotonicClock {
  using rep = std::int64_t;
  using period = std::nano;
  using duration = Duration;
  using time_point = std::chrono::time_point<MonotonicClock>;
  static constexpr bool is_steady = true;
};

// Counted from an arbitrary start (boot, or 0 under simulation). Never jumps.
using Instant = MonotonicClock::time_point;

// Since the Unix epoch, UTC. May jump when somebody sets the clock: for labels, never for
// measuring.
struct WallTime {
  std::int64_t unix_ns = 0;
  friend bool operator==(const WallTime&, const WallTime&) = default;
};

inline constexpr Instant far_future = Instant::max();

inline double seconds_of(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}
inline Duration from_seconds(double seconds) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

// The clocks of the machine. Only loop/, net/ and cli/ call these (tidy checks it); everybody else
// is given an Instant.
Instant monotonic_now();
WallTime wall_now();

}  // namespace brunt
