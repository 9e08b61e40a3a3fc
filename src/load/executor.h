// Runs one scenario on one loop: the face that the closed model and the open model share.
//
// Life: construct, prepare() (VUs that must be ready before the start), run() once. stop(),
// pause(), resume(), progress() may be called at any time from the loop's thread.
#pragma once
#include <cstdint>
#include <memory>

#include "base/result.h"
#include "base/time.h"
#include "load/iteration_budget.h"
#include "load/load_observer.h"
#include "load/scenario_options.h"
#include "load/segment.h"
#include "load/vu.h"
#include "loop/loop.h"

namespace brunt {

// Numbers VUs as they come: one for all scenarios of a loop.
class VuIds {
 public:
  // `test`: this thread's segment of the whole test; `instance`: this thread's of its process.
  VuIds(Segment test, Segment instance) : test_(std::move(test)), instance_(std::move(instance)) {}
  void number(Vu& vu) {
    vu.id_in_test = test_.nth(next_) + 1;
    vu.id_in_instance = instance_.nth(next_) + 1;
    ++next_;
  }

 private:
  Segment test_, instance_;
  std::uint64_t next_ = 0;
};

// Everything outlives the executor.
struct ExecutorContext {
  Loop& loop;
  VuBody& body;
  LoadObserver& observer;
  VuIds& ids;
  const Segment& segment;             // This thread's part of the test.
  std::size_t scenario = 0;           // For the observer.
  IterationBudget* budget = nullptr;  // shared-iterations over several threads; else its own.
  std::uint64_t budget_claimers = 1;
};

enum class StopKind : std::uint8_t {
  gracefully,  // Start nothing more; what runs has `graceful_stop` to end.
  now,         // Cancel what runs.
};

// How many VUs externally-controlled has, over all segments.
struct VuScale {
  std::uint64_t vus = 0, vus_max = 0;
  friend bool operator==(const VuScale&, const VuScale&) = default;
};
// Its VUs may be as many as `vus_max`, which may rise, and fall to what the scenario began with.
// Errors: invalid, with what would be right.
Result<> check_scale(const VuScale& scale, const ScenarioOptions& began);

enum class ExecutorPhase : std::uint8_t { waiting, preparing, running, stopping, ended };

struct ExecutorProgress {
  ExecutorPhase phase = ExecutorPhase::waiting;
  bool paused = false;
  Duration elapsed{}, duration{};        // Since the scenario's start; pauses are not counted.
  std::uint64_t iterations_planned = 0;  // Over the whole scenario; 0: bounded by time only.
  std::uint64_t vus_active = 0;          // Running an iteration, or between two of them (closed).
  std::uint64_t vus = 0;                 // That exist.
  std::uint64_t vus_max = 0;
  LoadCounts counts;
};

class Executor {
 public:
  virtual ~Executor() = default;  // REQUIRES: run() has returned, or nothing was called.

  // Parks until the VUs that are to be ready before the start are. Errors: cancelled; or the first
  // error of start_vu(), if not one VU could be prepared.
  virtual Result<> prepare(Fiber& self) = 0;

  // Parks until the scenario that starts at `start` is over and all its VUs have ended. Errors:
  // cancelled; or the first error of start_vu(), if not one VU ever started.
  virtual Result<> run(Fiber& self, Instant start) = 0;

  virtual void stop(StopKind kind) = 0;  // A second call may only be harder.
  virtual void pause() = 0;  // The scenario's clock stands still; what runs goes on to its end.
  virtual void resume() = 0;
  // REQUIRES: externally-controlled, and what check_scale() accepts. VUs above it are interrupted.
  virtual void scale(const VuScale& scale) = 0;
  virtual ExecutorProgress progress() const = 0;
};

// The executor for these options. REQUIRES: validated (a time-scale may have been applied since).
std::unique_ptr<Executor> make_executor(const ScenarioOptions& options,
                                        const ExecutorContext& context);

}  // namespace brunt
