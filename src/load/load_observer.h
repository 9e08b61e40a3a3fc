// What executors tell while they run: for the metrics, the schedule slip and the live view.
//
// All calls come on the loop's thread, from a VU's fiber or the scenario's; they must not park and
// should take nanoseconds: two an iteration.
#pragma once
#include <cstdint>
#include <string_view>

#include "base/time.h"
#include "load/vu.h"

namespace brunt {

// At all times: planned == started + dropped + queued, and started == completed + interrupted +
// running.
struct LoadCounts {
  std::uint64_t planned = 0;  // Open model: due so far. Closed model: started or dropped so far.
  std::uint64_t started = 0;
  std::uint64_t completed = 0;
  std::uint64_t interrupted = 0;
  std::uint64_t dropped = 0;  // Due, or in the budget, and never started.
  std::uint64_t queued = 0;   // Due and waiting for a VU.
  std::uint64_t running = 0;
  std::uint64_t started_late = 0;  // Open model: were queued before they started.
  std::uint64_t vus_failed = 0;    // start_vu() failed or no fiber could be had.
};

class LoadObserver {
 public:
  virtual ~LoadObserver() = default;

  // Open model only: the schedule slip of this arrival is iteration.started - iteration.planned;
  // but for iteration.waited_for_vu the generator is to blame for it.
  // `scenario` is the number ScenarioSet::add() gave.
  virtual void arrival_started(std::size_t scenario, const Iteration& iteration) = 0;

  // Once for each iteration that was started.
  virtual void iteration_ended(std::size_t scenario, const Iteration& iteration, Instant ended,
                               IterationEnd end) = 0;

  // k6's dropped_iterations: each arrival by itself when it is due, leftovers of a budget at once.
  virtual void iterations_dropped(std::size_t scenario, std::uint64_t count, Instant at) = 0;

  // A sentence for the user, each kind at most once a scenario.
  virtual void warned(std::size_t scenario, std::string_view text) = 0;
};

}  // namespace brunt
