#include "run/load_units.h"

#include <algorithm>

namespace brunt {

std::vector<LoadUnit> load_units(const Plan& plan) {
  std::vector<LoadUnit> units;
  LoadUnit shared;
  for (std::uint32_t i = 0; i < plan.scenarios.size(); ++i) {
    if (plan.scenarios[i].weight > 0) {
      shared.scenarios.push_back(i);
    } else {
      units.push_back({.load = plan.scenarios[i].load, .scenarios = {i}});
    }
  }
  if (!shared.scenarios.empty() && plan.shared_load) {
    shared.load = *plan.shared_load;
    units.push_back(std::move(shared));
  }
  return units;
}

const LoadUnit* controlled_unit(std::span<const LoadUnit> units) {
  const auto found = std::ranges::find_if(units, [](const LoadUnit& unit) {
    return unit.load.executor == ExecutorKind::externally_controlled;
  });
  return found == units.end() ? nullptr : &*found;
}

Duration load_end_of(const Plan& plan) {
  Duration end{};
  for (const LoadUnit& unit : load_units(plan))
    end = std::max(end, unit.load.start_time + unit.load.planned_duration());
  return end;
}

}  // namespace brunt
