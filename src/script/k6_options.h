// k6's options into a plan's scenarios, thresholds and tags.
//
// For this layer only. What stands higher wins: the script's own, then the environment's K6_*, then
// the command line's; each gives its load as a whole (docs/reference/k6.md).
//
// Source: k6 documentation, "Options"; lib/executor of k6.
#pragma once
#include "base/json.h"
#include "script/script_reader.h"

namespace brunt {

// Puts what `higher` says over `lower`: any of iterations, duration, stages and scenarios takes the
// place of all four.
Json merged_options(Json lower, const Json& higher);

// Fills the plan's scenarios, expectations, tags and TLS, and the bundle's HTTP options and
// warnings. Errors: invalid, naming the option; of its load in the bundle, where it is in a plan.
Result<> apply_options(const Json& options, ScriptPlace place, Plan& plan, ScriptBundle& bundle);

}  // namespace brunt
