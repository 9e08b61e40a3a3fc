// What is scheduled: each scenario with an executor of its own, and the plan's shared `load:` with
// the scenarios that split its iterations by weight.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "plan/plan.h"

namespace brunt {

struct LoadUnit {
  ScenarioOptions load;
  std::vector<std::uint32_t> scenarios;  // Indices of Plan::scenarios: one, or those with a weight.
};

std::vector<LoadUnit> load_units(const Plan& plan);

// The first of an externally-controlled scenario, which the REST API leads; nullptr: there is none.
const LoadUnit* controlled_unit(std::span<const LoadUnit> units);

// When the last of them has had its time, graceful stops not counted.
Duration load_end_of(const Plan& plan);

}  // namespace brunt
