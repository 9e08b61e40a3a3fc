// A virtual user of a script: its engine, and what every virtual user of a plan has.
//
// For this layer only.
#pragma once
#include <string>
#include <string_view>

#include "load/vu.h"
#include "script/engine.h"
#include "script/script_body.h"

namespace brunt {

struct ScriptVu final : VuState {
  ScriptVu(ScenarioContext& scenario, Prng chance)
      : plan(scenario.shared.http, scenario.session, chance) {}
  ~ScriptVu() override;

  // Runs the init code. Errors: as Engine::open.
  Result<> open(Fiber& self, ScriptBody& body, std::string_view setup_data);
  // Runs vuSetup(): what it returns is each iteration's second argument, the cookies that it got
  // are there in each. Errors: as run().
  Result<> set_up(Fiber& self);
  void begin_iteration(const Iteration& iteration);
  // Errors: cancelled; malformed, with the exception.
  Result<> run(Fiber& self, const std::string& function);
  Result<std::string> run_for_json(Fiber& self, const std::string& function);
  // What it returned is an object: its texts (or bytes) by their names.
  Result<ScriptTexts> run_for_texts(Fiber& self, const std::string& function);

  PlanVu plan;
  Engine engine;
  std::uint64_t id_in_instance = 0;

 private:
  JSValue data_ = js_undefined;  // What setup() returned: each VU has its own copy.
  JSValue own_ = js_undefined;   // What vuSetup() returned.
  CookieJar cookies_;            // What it left, for each iteration.
  JSAtom iteration_name_ = JS_ATOM_NULL;
};

}  // namespace brunt
