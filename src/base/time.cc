#include "base/time.h"

#include <ctime>

namespace brunt {
namespace {

std::int64_t read_clock(clockid_t clock) {
  timespec now{};
  (void)clock_gettime(clock, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

Instant monotonic_now() {
  return Instant(Duration(read_clock(CLOCK_MONOTONIC)));
}
WallTime wall_now() {
  return WallTime{read_clock(CLOCK_REALTIME)};
}

}  // namespace brunt
