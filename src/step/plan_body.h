// What the VUs of one scenario of a plan do: its `before:` once, its `steps:` in every iteration.
//
// One for each scenario on each loop. It walks the plan's tree of steps; what each request needs is
// prepared when the body is made, by a StepRunner of its kind (a row in make_runner()).
#pragma once
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "load/vu.h"
#include "step/body_series.h"
#include "step/step_context.h"

namespace brunt {

class PlanBody final : public VuBody {
 public:
  // `context` must outlive it. Errors: invalid (the scenario's target, a tag).
  static Result<std::unique_ptr<PlanBody>> create(StepContext& context, std::uint32_t scenario,
                                                  LoadModel model);
  ~PlanBody() override;

  Result<> start_vu(Fiber& self, Vu& vu) override;
  IterationEnd run(Fiber& self, Vu& vu, const Iteration& iteration) override;
  void end_vu(Fiber& self, Vu& vu) override;

 private:
  explicit PlanBody(ScenarioContext scenario);
  void prepare(const std::vector<Step>& steps);
  Result<> run_steps(Fiber& self, PlanVu& vu, const std::vector<Step>& steps);
  Result<> run_step(Fiber& self, PlanVu& vu, const Step& step);
  Result<> run_loop(Fiber& self, PlanVu& vu, const LoopStep& step);
  Result<> run_if(Fiber& self, PlanVu& vu, const IfStep& step);
  Result<> run_parallel(Fiber& self, PlanVu& vu, const ParallelStep& step);
  bool claim_rows(PlanVu& vu, const std::vector<std::uint32_t>& sets);
  void begin_iteration(PlanVu& vu, const Iteration& iteration);
  void add_subject(PlanVu& vu);

  ScenarioContext scenario_;
  BodySeries body_series_;
  std::uint64_t subjects_ = 0;                                            // Made so far.
  std::unordered_map<const Step*, std::unique_ptr<StepRunner>> runners_;  // Of requests.
};

}  // namespace brunt
