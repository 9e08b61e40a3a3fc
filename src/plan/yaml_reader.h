// Reads a plan file (docs/reference/plan.md). All errors of the file come at once, each with its
// line and column.
//
//   const auto plan = read_plan_file("plans/first.yaml", {.overrides = overrides});
//   if (!plan) std::cerr << plan.error().text();
//
// Reads data files and `@file` bodies too, relative to the plan file. Recurses as deep as the plan
// nests: call it on the main stack, not on a fiber.
#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "plan/overrides.h"
#include "plan/plan.h"
#include "plan/plan_errors.h"

namespace brunt {

// Reads a script that a scenario names, as a plan of its own (script/script_reader.h).
using ScriptFileReader = std::function<Result<Plan>(
    const std::filesystem::path& path, const std::map<std::string, std::string>& environment)>;

struct ReadOptions {
  std::vector<Override> overrides;
  std::map<std::string, std::string, std::less<>> environment;  // What env.NAME sees.
  double time_scale = 1;
  MatrixChoice matrix;  // What is not named has its first value.
  ScriptFileReader read_script;
};

PlanResult<Plan> read_plan_file(const std::filesystem::path& path, const ReadOptions& options);

// The same from a text; `path` gives error texts their file and relative files their folder.
PlanResult<Plan> read_plan(std::string_view text, const std::filesystem::path& path,
                           const ReadOptions& options);

}  // namespace brunt
