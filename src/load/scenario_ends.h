// When scenarios ended, told by all threads of a process to each other: for those that start after
// another. A scenario has ended when every thread's part of it has.
//
//   ScenarioEnds ends(2, threads);                   // one a process
//   ends.ended(0, loop.now());                       // each thread, once
//   if (const auto at = ends.end_of(0)) ...
//
// Any thread; no locks.
#pragma once
#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"

namespace brunt {

class ScenarioEnds {
 public:
  ScenarioEnds(std::size_t scenarios, std::uint64_t threads);

  // One thread's part of `scenario` is over. REQUIRES: `threads` calls for each at most.
  void ended(std::size_t scenario, Instant at);
  // When the last part ended; nothing before that.
  std::optional<Instant> end_of(std::size_t scenario) const;

 private:
  struct End {
    std::atomic<std::uint64_t> parts_left{0};
    std::atomic<Duration::rep> latest_ns{0};
  };
  std::vector<End> ends_;
};

}  // namespace brunt
