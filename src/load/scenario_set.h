// All scenarios of a test on one loop: each starts at its own time, or when another has ended, and
// they stop together.
//
//   ScenarioSet set({.loop = *loop, .observer = observer});
//   TRY(set.add(options, body));
//   TRY(set.prepare(self));                    // VUs that must be ready; time does not run yet
//   TRY(set.run(self, self.now()));            // until the last VU has ended
//
// With several threads, each has a set with its part of the segment, all run from the same Instant.
// stop(), pause(), resume() and progress() may be called at any time from the loop's thread (from
// others through Loop::post).
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "load/executor.h"
#include "load/load_observer.h"
#include "load/scenario_ends.h"
#include "load/scenario_options.h"
#include "load/segment.h"
#include "loop/loop.h"

namespace brunt {

// How many VUs scenarios are planned to have: from options alone, before anything runs.
// Planned: what the schedule wants, with VUs that may still be ending (graceful ramp-down and
// stop). Maximum: with all that arrival-rate executors may add. `elapsed` counts from the test's
// start.
struct VuDemand {
  std::uint64_t planned = 0, maximum = 0;
};
VuDemand vu_demand_at(const std::vector<ScenarioOptions>& scenarios, Duration elapsed);
VuDemand vu_demand_peak(const std::vector<ScenarioOptions>& scenarios);
// When the last scenario is over at the latest; with graceful stops.
Duration longest_duration(const std::vector<ScenarioOptions>& scenarios);

struct ScenarioProgress {
  std::string name;
  ExecutorKind executor = ExecutorKind::constant_vus;
  Duration start_time{};  // Once it has started after another: when that was.
  ExecutorProgress now;
  double fraction() const;  // 0 to 1: of its iterations where they are fixed, else of its time.
};

struct ScenarioSetOptions {
  Loop& loop;
  LoadObserver& observer;
  Segment segment = {};   // This thread's part of the test: process segment.part(thread, threads).
  Segment instance = {};  // This thread's part of the process: Segment().part(thread, threads).
  std::uint64_t threads = 1;
  // The process's, by the numbers that add() gives, when there are several threads; must outlive
  // the set.
  ScenarioEnds* ends = nullptr;
};

class ScenarioSet {
 public:
  explicit ScenarioSet(ScenarioSetOptions options);
  ~ScenarioSet();  // REQUIRES: run() has returned, or was never called.

  // Returns the scenario's number, from 0: the observer's. `body` must outlive the set.
  // `budget` is the process's budget for shared-iterations when there are several threads (it must
  // outlive the set). Errors: invalid (a name that is there already).
  Result<std::size_t> add(ScenarioOptions options, VuBody& body, IterationBudget* budget = nullptr);

  // Parks until all VUs that are to be ready before the start are. After it run() has to be called,
  // as only that ends them (stop() first makes it return soon). Errors: as Executor::prepare, with
  // the scenario's name; then everything has ended.
  Result<> prepare(Fiber& self);

  // Parks until every scenario is over. `start` is the test's t = 0. Errors: the first of any
  // scenario (Executor::run), after all have ended.
  Result<> run(Fiber& self, Instant start);

  void stop(StopKind kind);  // Ctrl-C once: gracefully; twice: now.
  // One scenario, by the number that add() gave: its data is used up, say.
  void stop_scenario(std::size_t number, StopKind kind);
  void scale(std::size_t number, const VuScale& scale);  // REQUIRES: as Executor::scale.
  void pause();
  void resume();

  std::vector<ScenarioProgress> progress() const;  // In the order of add().
  LoadCounts total() const;

  ScenarioSet(const ScenarioSet&) = delete;
  ScenarioSet& operator=(const ScenarioSet&) = delete;

 private:
  struct Entry;
  void run_scenario(Fiber& fiber, Entry& entry, Instant start);
  Instant begin_of(Fiber& fiber, const Entry& entry, Instant start) const;
  std::vector<Entry*> in_starting_order() const;  // By start time, then by name, as k6.

  ScenarioSetOptions options_;
  VuIds ids_;
  std::optional<ScenarioEnds> own_ends_;  // Where there is only this thread.
  ScenarioEnds* ends_ = nullptr;
  std::vector<std::unique_ptr<Entry>> entries_;
};

}  // namespace brunt
