// What `run`, `check` and `rehearse` have in common: where the plan comes from, and what changes
// it.
#pragma once
#include <CLI/CLI.hpp>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cli/run_log.h"
#include "cli/script_options.h"
#include "plan/bare_url.h"
#include "plan/plan.h"

namespace brunt {

struct PlanSourceFlags {
  std::string target;  // A URL, a plan, a script, or a file of targets.
  CommandLineLoad load;
  std::optional<std::string> method, data;
  std::vector<std::string> environment, stages;  // For a script: NAME=VALUE, 30s:10.
  bool system_environment = true;                // Of a script's __ENV.
  ScriptOptionTexts script_options;
  std::vector<std::string> secret_sources;
  std::string config;               // A file of k6's options.
  bool ignores_thresholds = false;  // --no-thresholds: a script's are not read.
  std::vector<std::string> sets;
  double time_scale = 1;
  std::vector<std::string> matrix;  // name=value
  LogOptions log;
};

std::map<std::string, std::string> environment_of_process();

inline constexpr const char* usual_rest_address = "localhost:6565";  // k6's.

// A flag that the target has no use for would be a wish that nobody hears: `why` follows its name.
Result<> refuse_flags(std::span<const std::pair<bool, std::string_view>> given,
                      std::string_view why);

void add_plan_source(CLI::App& verb, PlanSourceFlags& flags);

// The same flags as words of a command line: a generator process reads the same plan by them.
std::vector<std::string> words_of(const PlanSourceFlags& flags);

// Errors: all that is wrong with the plan, a line each; not_found.
Result<Plan> read_source(const PlanSourceFlags& flags);

}  // namespace brunt
