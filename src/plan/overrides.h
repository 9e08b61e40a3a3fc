// `--set device.vus=500`: changes a plan file's values before they are read, so that they are
// checked like everything else and every expression sees them.
//
// The path's first word is a key of the plan (scenarios.device.vus, seed), else a var (store), else
// a scenario or service (device.vus, collector.with.rate). List elements are numbers from 0
// (device.stages.0.target). The value is YAML: 500, "text", [1, 2], {a: b}.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "plan/plan_errors.h"
#include "plan/yaml_node.h"

namespace brunt {

struct Override {
  std::string path;
  std::string value;
};

// `path=value`. Errors: invalid: no '=', an empty path.
Result<Override> parse_override(std::string_view text);

// Errors go to `errors`: a path that leads nowhere (with what it may have meant), a name that is
// both a var and a scenario or service.
void apply_overrides(YamlNode& plan, std::span<const Override> overrides, PlanErrors& errors);

}  // namespace brunt
