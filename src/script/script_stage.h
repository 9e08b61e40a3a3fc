// setup(), teardown() and handleSummary() of a script: run once, by the conductor, before and after
// the load.
//
//   ScriptStage stage(context, registry);
//   const std::string data = TRY(stage.run(self, "setup", "", 60s));
//
// What they request is measured into the context's recorder, with group ::setup or ::teardown.
#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "loop/fiber_group.h"
#include "script/script_body.h"

namespace brunt {

class ScriptStage {
 public:
  // Both must outlive it. `scenario`: of Plan::scenarios, the one whose script it is.
  ScriptStage(StepContext& context, const MetricRegistry& registry, std::uint32_t scenario = 0)
      : context_(context), registry_(registry), scenario_(scenario) {}

  // Parks, on a fiber of its own, until the function has returned; gives what it returned as JSON,
  // "" for nothing. Errors: timeout; cancelled; malformed, with the script's exception.
  Result<std::string> run(Fiber& self, const std::string& function, std::string_view data,
                          Duration limit);

  // handleSummary(data): the texts that it returned. The same errors.
  Result<ScriptTexts> summarize(Fiber& self, std::string_view data, Duration limit);

  // From another fiber: what runs ends, with cancelled.
  void break_off();

 private:
  using Work = std::function<Result<>(ScriptBody&, Fiber&)>;
  Result<> work(Fiber& self, const std::string& function, Duration limit, const Work& work);

  StepContext& context_;
  const MetricRegistry& registry_;
  std::uint32_t scenario_;
  FiberGroup* running_ = nullptr;
};

}  // namespace brunt
