// Scenarios that start when another has ended: `start_after: climb + 60s`.
//
//   if (const auto error = place_starts(plan)) complain(error->scenario, error->text);
//
// place_starts() gives each the latest start that is possible, which is what a plan's length and
// its connections are worked out from; when it really is, the run sees (load/scenario_set.h).
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "plan/plan.h"

namespace brunt {

struct StartAfter {
  std::string scenario;
  Duration delay{};
};
// "climb", "climb + 60s". Errors: invalid.
Result<StartAfter> parse_start_after(std::string_view text);

struct StartError {
  std::string scenario;  // Whose `start_after:` it is; "": that of the plan's `load:`.
  std::string text;
};
// Again after a time-scale. Errors: a scenario that does not exist or has no start of its own, a
// cycle.
std::optional<StartError> place_starts(Plan& plan);

}  // namespace brunt
