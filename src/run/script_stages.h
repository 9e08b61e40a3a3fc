// setup(), teardown() and handleSummary() of a plan's script, run once each on the conductor's
// loop.
//
//   ScriptStages stages(loop, setup, warned);
//   setup.script_data = TRY(stages.set_up(self));      // before the generators are made
//   stages.deliver(0, seconds);                        // what it measured
//   ...
//   TRY(stages.tear_down(self));
//
// Source: k6 documentation, "Test lifecycle".
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "report/k6_summary.h"
#include "run/generator.h"
#include "run/seconds.h"
#include "script/script_stage.h"
#include "step/step_context.h"

namespace brunt {

class ScriptStages final : StepWatcher {
 public:
  // All must outlive it. REQUIRES: the plan has a script.
  ScriptStages(Loop& loop, const GeneratorSetup& setup, std::function<void(std::string)> warned);
  ~ScriptStages() override;

  // Parks. Gives what setup() returned, as JSON; "" where there is none. Errors: timeout,
  // cancelled, malformed (an exception).
  Result<std::string> set_up(Fiber& self);
  Result<> tear_down(Fiber& self);
  // What handleSummary() made of the run; nullopt where there is none, or it failed (which is
  // told). Parks.
  std::optional<ScriptTexts> summarize(Fiber& self, const RunRecord& record,
                                       K6SummaryOptions options);

  // What the script said of its run meanwhile, with the reason that it gave.
  ScriptJudgement judgement() const { return judgement_; }
  const std::string& reason() const { return reason_; }

  // Hands over what was measured since the last time.
  void deliver(std::int64_t second, Seconds& seconds);

 private:
  void step_failed(std::string_view scenario, std::string_view text) override;
  void script_said(std::string_view text) override;
  void script_judged(ScriptJudgement judgement, std::string_view reason) override;
  Result<std::string> run(Fiber& self, const std::string& function, Duration limit);
  // `work` with a stage that may send requests.
  Result<> with_stage(const std::function<Result<>(ScriptStage&)>& work);

  Loop& loop_;
  const GeneratorSetup& setup_;
  std::function<void(std::string)> warned_;
  Resolver resolver_;
  Dialer dialer_;
  std::unique_ptr<TlsContext> tls_;
  Recorder recorder_;
  ScriptJudgement judgement_ = ScriptJudgement::none;
  std::string reason_;
};

}  // namespace brunt
