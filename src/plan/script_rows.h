// The rows of a plan's scripts that are handed out once: which cursor of the run is whose.
//
// Each SharedArray of each script has a cursor behind those of Plan::data, in the order of
// script_rows().
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "plan/plan.h"
#include "plan/script_bundle.h"

namespace brunt {

std::vector<const SharedRows*> script_rows(const Plan& plan);

// Of the SharedArray `name` of the scenario's script: its cursor's index. Nothing: it has no such
// array. REQUIRES: the scenario has a script.
std::optional<std::size_t> cursor_of_rows(const Plan& plan, std::uint32_t scenario,
                                          std::string_view name);

}  // namespace brunt
