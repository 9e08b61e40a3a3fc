// setup(), teardown() and handleSummary() of a plan's scripts, run once each on the conductor's
// loop, one script after the other.
//
//   ScriptStages stages(loop, setup, warned);
//   TRY(stages.set_up(self, setup.script_data));       // before the generators are made
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

#include "plan/script_bundle.h"
#include "report/k6_summary.h"
#include "run/generator.h"
#include "run/seconds.h"
#include "script/script_stage.h"
#include "step/step_context.h"

namespace brunt {

class ScriptStages final : StepWatcher {
 public:
  // All must outlive it. REQUIRES: the plan has a script, or several.
  ScriptStages(Loop& loop, const GeneratorSetup& setup, std::function<void(std::string)> warned);
  ~ScriptStages() override;

  // Parks. `data`: what each setup() returned, as JSON; as it was, else "", where there is none.
  // Errors: timeout, cancelled, malformed (an exception).
  Result<> set_up(Fiber& self, std::vector<std::string>& data);
  bool has_teardown() const;
  // Of every script, also where one fails. Errors: the first.
  Result<> tear_down(Fiber& self);
  // What handleSummary() made of the run; nullopt where there is none, or it failed (which is
  // told). Parks.
  std::optional<ScriptTexts> summarize(Fiber& self, const RunRecord& record,
                                       K6SummaryOptions options);

  // From another fiber: what runs ends, with cancelled; so does what is asked for later.
  void break_off();

  // What the script said of its run meanwhile, with the reason that it gave.
  ScriptJudgement judgement() const { return judgement_; }
  const std::string& reason() const { return reason_; }

  // Hands over what was measured since the last time, and gives it for the streams of samples.
  Snapshot deliver(std::int64_t second, Seconds& seconds);

 private:
  void step_failed(std::string_view scenario, std::string_view text) override;
  void script_said(std::string_view text) override;
  void script_judged(ScriptJudgement judgement, std::string_view reason) override;
  struct Call {
    std::size_t script = 0;  // Of scripts_.
    std::string function;
    Duration limit{};
  };
  Result<std::string> run(Fiber& self, const Call& call, std::string_view data);
  // `work` with a stage of a script that may send requests.
  Result<> with_stage(std::size_t script, const std::function<Result<>(ScriptStage&)>& work);

  Loop& loop_;
  const GeneratorSetup& setup_;
  std::vector<PlannedScript> scripts_;
  std::function<void(std::string)> warned_;
  Resolver resolver_;
  Dialer dialer_;
  std::unique_ptr<TlsContext> tls_;
  Recorder recorder_;
  ScriptJudgement judgement_ = ScriptJudgement::none;
  std::string reason_;
  ScriptStage* running_ = nullptr;
  bool broken_off_ = false;
};

}  // namespace brunt
