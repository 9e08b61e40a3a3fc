#include "plan/script_rows.h"

#include <algorithm>

namespace brunt {

std::vector<const SharedRows*> script_rows(const Plan& plan) {
  std::vector<const SharedRows*> all;
  for (const PlannedScript& script : scripts_of(plan))
    for (const auto& [name, rows] : script.bundle->shared_arrays) all.push_back(&rows);
  return all;
}

std::optional<std::size_t> cursor_of_rows(const Plan& plan, std::uint32_t scenario,
                                          std::string_view name) {
  const auto& arrays = plan.scenarios[scenario].script->bundle->shared_arrays;
  const auto found = arrays.find(name);
  if (found == arrays.end()) return std::nullopt;
  const auto all = script_rows(plan);
  const auto place = std::ranges::find(all, &found->second);
  return plan.data.size() + static_cast<std::size_t>(place - all.begin());
}

}  // namespace brunt
