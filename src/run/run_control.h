// A run under control from outside: the REST API's server, and what it tells the generators.
//
//   RunControl control(loop, {...});
//   TRY(control.open(fibers, "localhost:6565"));     // "": no server
//   TRY(control.wait_for_start(self));               // where it is to begin paused
//   control.enter(RunPhase::running);
//
// Belongs to the conductor, on its loop. What is asked for before the load begins is told the
// generators when it does.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "loop/fiber_group.h"
#include "metrics/threshold_judge.h"
#include "plan/plan.h"
#include "run/generators.h"
#include "run/load_units.h"
#include "run/rest_api.h"
#include "run/script_stages.h"
#include "run/seconds.h"

namespace brunt {

class RunControl final : ApiRun {
 public:
  // What it looks at. All must outlive it.
  struct Sight {
    const Plan& plan;
    const Seconds& seconds;
    ThresholdJudge& judge;
    std::function<Duration()> elapsed;              // Of the load.
    std::function<void()> stop;                     // Somebody asked for the run's end.
    std::function<void(const std::string&)> phase;  // For people.
  };
  RunControl(Loop& loop, Sight sight);

  // Serves `address`, HOST:PORT, on a fiber of `fibers` as long as these live. Errors: invalid; io,
  // denied (somebody else listens there).
  Result<> open(FiberGroup& fibers, const std::string& address);

  // Who can be told something from now on. Must outlive it.
  void lead(ScriptStages& stages, std::vector<std::string>& setup_data);
  void lead(Generators& generators) { generators_ = &generators; }

  void enter(RunPhase phase);
  // Parks while it is paused: the script's `paused`. Errors: cancelled (it is to end).
  Result<> wait_for_start(Fiber& self);
  // Parks while the API has setup() or teardown() run.
  void settle(Fiber& self);
  // Parks after the load until it is to end, where the script's `linger` says so.
  void linger(Fiber& self);
  RunPhase phase() const { return phase_; }
  bool is_lingering() const { return lingering_; }

  void end();  // Whoever waits above goes on.
  bool stopped() const { return stopped_; }
  bool is_paused() const { return paused_; }

 private:
  ApiStatus status() const override;
  Result<> change(const ApiChange& change) override;
  Duration elapsed() const override { return sight_.elapsed(); }
  std::vector<ApiMetric> metrics() const override;
  K6Group groups() const override;
  std::string setup_data() const override;
  Result<> set_setup_data(std::string json) override;
  Result<> run_setup(Fiber& self) override;
  Result<> run_teardown(Fiber& self) override;

  Result<std::optional<VuScale>> scale_of(const ApiChange& change) const;
  Result<> begin_stage();
  void end_stage();
  void wake();

  Loop& loop_;
  Sight sight_;
  std::unique_ptr<HttpServer> server_;
  ScriptStages* stages_ = nullptr;
  std::vector<std::string>* setup_data_ = nullptr;
  Generators* generators_ = nullptr;
  std::vector<LoadUnit> units_;
  const LoadUnit* controlled_;  // Of `units_`; nullptr: none.
  VuScale scale_;
  RunPhase phase_ = RunPhase::created;
  bool paused_ = false, stopped_ = false, ended_ = false, lingering_ = false;
  bool in_stage_ = false;
  Fiber* waiter_ = nullptr;
};

}  // namespace brunt
