// setup() and teardown() of a plan's script, run once each on the conductor's loop.
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
#include <string>

#include "run/generator.h"
#include "run/seconds.h"
#include "step/step_context.h"

namespace brunt {

class ScriptStages final : StepWatcher {
 public:
  struct Limits {
    Duration setup_max = std::chrono::seconds(60);  // k6's.
    Duration teardown_max = std::chrono::seconds(60);
  };

  // All must outlive it. REQUIRES: the plan has a script.
  ScriptStages(Loop& loop, const GeneratorSetup& setup, std::function<void(std::string)> warned);
  ~ScriptStages() override;

  // Parks. Gives what setup() returned, as JSON; "" where there is none. Errors: timeout,
  // cancelled, malformed (an exception).
  Result<std::string> set_up(Fiber& self);
  Result<> tear_down(Fiber& self);

  // Hands over what was measured since the last time.
  void deliver(std::int64_t second, Seconds& seconds);

 private:
  void step_failed(std::string_view scenario, std::string_view text) override;
  void script_said(std::string_view text) override;
  Result<std::string> run(Fiber& self, const std::string& function, Duration limit);

  Loop& loop_;
  const GeneratorSetup& setup_;
  std::function<void(std::string)> warned_;
  Limits limits_;
  Resolver resolver_;
  Dialer dialer_;
  std::unique_ptr<TlsContext> tls_;
  Recorder recorder_;
};

}  // namespace brunt
