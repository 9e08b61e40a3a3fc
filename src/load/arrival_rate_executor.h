// Starts iterations at the instants of a schedule, whether or not earlier ones have ended:
// constant-arrival-rate, ramping-arrival-rate.
//
// The open model: a slow target never delays the next start. An iteration is told its planned
// instant; response time counts from there. When every VU is busy at a planned instant:
//
//   drop   the arrival is counted as dropped and never run late, as in k6;
//   queue  it is started late, in order, by the first VU that becomes free. The queue is two
//          positions in the schedule, not a container: a million waiting arrivals take no memory.
//
// In both cases one more VU is prepared, one at a time, until `max_vus`; then there is a warning,
// once. planned == started + dropped + queued at all times. At the end of the schedule what is
// queued or runs has `graceful_stop`; then the queued are dropped and the running interrupted.
// After stop(gracefully) nothing queued is started any more.
//
// Who is to blame for a late start is told with it (Iteration::waited_for_vu). A VU that is free
// late is so by the generator's doing as much as its own start was, and by as long as the loop was
// held up just before it became free: so long its reply may have waited here. All else is the
// target's. A hold-up in which no VU's reply came has delayed nobody who waits for one.
//
// Several arrivals that are due in one turn of the loop are started in that turn; there is one
// timer for the executor, none for an arrival. Which of the free VUs gets one: VuChoice.
//
// Source: k6, constant-arrival-rate; G. Tene, wrk2 README, on coordinated omission.
#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "load/arrival_schedule.h"
#include "load/executor.h"
#include "load/scenario_clock.h"
#include "load/vu_runner.h"
#include "loop/fiber_group.h"

namespace brunt {

class ArrivalRateExecutor : public Executor {
 public:
  // REQUIRES: options of an arrival-rate executor, validated.
  ArrivalRateExecutor(const ScenarioOptions& options, const ExecutorContext& context);

  ~ArrivalRateExecutor() override;

  Result<> prepare(Fiber& self) override;
  Result<> run(Fiber& self, Instant start) override;
  void stop(StopKind kind) override;
  void pause() override;
  void resume() override;
  void scale(const VuScale&) override {}  // Not for these.
  ExecutorProgress progress() const override;

 private:
  struct Member;

  bool spawn();
  void live(Fiber& self, Member& member);
  void iterate(Fiber& self, Member& member);
  void rest(Fiber& self, Member& member, Instant until);

  bool start_due(Instant now);
  void meet(const Arrival& arrival);
  void assign(Member& member, const Arrival& arrival);
  bool take_queued(Member& member);
  Duration freed_late(const Member& member) const;
  void grow();
  void wind_down(Fiber& self);
  void drop_queued();

  void make_free(Member& member);
  Member* take_free();
  void wake_idle();
  void wake_manager();

  const ScenarioOptions options_;
  ExecutorContext context_;
  const Segment segment_;  // In proportion to VUs: a part without VUs has no arrivals.
  const ArrivalSchedule schedule_;
  const std::uint64_t vus_planned_, vus_max_;
  VuRunner runner_;
  FiberGroup group_;
  ScenarioClock clock_;
  ArrivalCursor due_;                    // At the next arrival that is not due yet.
  std::optional<ArrivalCursor> queued_;  // At the first that waits, when counts.queued > 0.
  std::vector<std::unique_ptr<Member>> members_;  // Never moved: fibers point to them.
  Member* free_first_ = nullptr;  // The free VUs, in the order in which they are taken.
  Member* free_last_ = nullptr;
  Fiber* manager_ = nullptr;
  ExecutorPhase phase_ = ExecutorPhase::waiting;
  std::uint64_t alive_ = 0;
  std::uint64_t starting_ = 0;
  bool prepared_ = false;
  bool stopping_ = false;  // Nothing new is started, but what is queued (unless stopped).
  bool stop_now_ = false;
  bool cannot_grow_ = false;
  bool warned_of_vus_ = false;
};

}  // namespace brunt
