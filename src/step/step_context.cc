#include "step/step_context.h"

#include <algorithm>

namespace brunt {

std::uint32_t ScenarioContext::session_slot(std::string key) {
  const auto found = std::ranges::find(session_keys, key);
  const auto slot = static_cast<std::uint32_t>(found - session_keys.begin());
  if (found == session_keys.end()) session_keys.push_back(std::move(key));
  return slot;
}

TagSetId ScenarioContext::request_tags(std::string_view name, const Tags& own) const {
  std::vector<Tag> with = {{"name", std::string(name)}, {"group", ""}};
  for (const auto& [key, value] : own) with.push_back({key, value});
  return shared.recorder.tags().with(tags, with);
}

Scope scope_of(const ScenarioContext& scenario, PlanVu& vu) {
  return {.slots = vu.slots,
          .rows = vu.rows,
          .members = scenario.members,
          .scenario = scenario.scenario.name,
          .vu = vu.id,
          .vu_in_scenario = vu.id_in_scenario,
          .iteration = vu.iteration,
          .iteration_in_test = vu.iteration_in_test,
          .prng = &vu.prng,
          .now = scenario.shared.loop.wall()};
}

}  // namespace brunt
