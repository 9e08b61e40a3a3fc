#include "plan/script_bundle.h"

#include <algorithm>

#include "plan/plan.h"

namespace brunt {

std::vector<PlannedScript> scripts_of(const Plan& plan) {
  std::vector<PlannedScript> scripts;
  for (std::uint32_t i = 0; i < plan.scenarios.size(); ++i) {
    const auto& call = plan.scenarios[i].script;
    if (call &&
        std::ranges::find(scripts, call->bundle.get(), &PlannedScript::bundle) == scripts.end())
      scripts.push_back({.bundle = call->bundle.get(), .scenario = i});
  }
  return scripts;
}

std::size_t script_of(const Plan& plan, std::uint32_t scenario) {
  const auto scripts = scripts_of(plan);
  const ScriptBundle* bundle = plan.scenarios[scenario].script->bundle.get();
  const auto found = std::ranges::find(scripts, bundle, &PlannedScript::bundle);
  return static_cast<std::size_t>(found - scripts.begin());
}

}  // namespace brunt
