// Runs a fixed or ramping number of VUs, each of which starts its next iteration when its last one
// has ended: constant-vus, ramping-vus, per-vu-iterations, shared-iterations,
// externally-controlled.
//
// The closed model: a slow target slows the load down. What ends a VU is its schedule (how many VUs
// at time t), its budget (own or shared iterations), or the end of the time. A VU above the planned
// number (also one that scale() gave) finishes its iteration within `graceful_ramp_down`; if the
// ramp goes up again meanwhile it simply goes on, and if it goes up later its fiber waits for that,
// state and connection kept. At the end what runs has `graceful_stop`; then its fiber is cancelled
// and the iteration counts as interrupted. What is left of a budget is dropped: for each VU (own)
// or all at once (shared).
#pragma once
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "load/executor.h"
#include "load/scenario_clock.h"
#include "load/vu_runner.h"
#include "load/vu_schedule.h"
#include "loop/fiber_group.h"

namespace brunt {

class ClosedExecutor : public Executor {
 public:
  // REQUIRES: options of a closed-model executor, validated.
  ClosedExecutor(const ScenarioOptions& options, const ExecutorContext& context);

  ~ClosedExecutor() override;

  Result<> prepare(Fiber& self) override;
  Result<> run(Fiber& self, Instant start) override;
  void stop(StopKind kind) override;
  void pause() override;
  void resume() override;
  void scale(const VuScale& scale) override;
  ExecutorProgress progress() const override;

 private:
  struct Member;
  // A VU that was ramped down is cancelled then, unless it was ramped up since.
  struct Deadline {
    Instant at;
    Member* member;
    std::uint64_t activation;
  };

  Member& member(std::uint64_t slot);
  void spawn(Member& member);
  void live(Fiber& self, Member& member);
  void iterate(Fiber& self, Member& member);
  bool claim(const Member& member, Iteration& iteration);
  bool may_run(const Member& member) const;
  bool leaves(const Member& member) const;

  void set_vus(std::uint64_t vus);
  void activate(Member& member);
  void deactivate(Member& member, Instant now);
  void pass_deadlines(Instant now);
  Instant next_event(Instant now) const;
  bool is_exhausted() const;
  void wind_down(Fiber& self);
  void drop_leftovers();
  void wake_all();
  void wake_manager();

  const ScenarioOptions options_;
  ExecutorContext context_;
  VuSchedule schedule_;
  VuRunner runner_;
  FiberGroup group_;
  ScenarioClock clock_;
  std::unique_ptr<IterationBudget> own_budget_;  // shared-iterations on one thread.
  std::optional<IterationBudget::Claimer> claimer_;
  std::vector<std::unique_ptr<Member>>
      members_;                     // By VU number; never moved: fibers point to them.
  std::deque<Deadline> deadlines_;  // Ascending: the grace is always the same.
  Fiber* manager_ = nullptr;
  ExecutorPhase phase_ = ExecutorPhase::waiting;
  std::uint64_t planned_vus_ = 0;
  std::uint64_t vus_max_ = 0;  // On this thread.
  std::uint64_t alive_ = 0;
  std::uint64_t starting_ = 0;
  std::uint64_t own_iterations_ = 0;  // per-vu-iterations: of all VUs on this thread.
  std::uint64_t next_index_ = 0;      // Of the iterations on this thread.
  bool stopping_ = false;
  bool stop_now_ = false;
};

}  // namespace brunt
