// k6's options into a plan's scenarios, thresholds and tags.
//
// For this layer only. What stands higher wins: the script's own, then the environment's K6_*, then
// the command line's; each gives its load as a whole (docs/reference/k6.md).
//
// Source: k6 documentation, "Options"; lib/executor of k6.
#pragma once
#include <set>
#include <string>

#include "base/json.h"
#include "plan/plan.h"

namespace brunt {

// Puts what `higher` says over `lower`: any of iterations, duration, stages and scenarios takes the
// place of all four.
Json merged_options(Json lower, const Json& higher);

// Fills the plan's scenarios, expectations, tags and TLS, and the bundle's HTTP options and
// warnings. `functions`: what the script exports. Errors: invalid, naming the option.
Result<> apply_options(const Json& options, const std::set<std::string>& functions, Plan& plan,
                       ScriptBundle& bundle);

}  // namespace brunt
