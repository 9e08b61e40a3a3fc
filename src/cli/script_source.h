// A k6 script as `run` and `check` take it: the file, the environment's K6_*, and k6's flags.
#pragma once
#include <map>
#include <string>

#include "cli/plan_source.h"
#include "plan/yaml_reader.h"

namespace brunt {

// NAME.js, NAME.mjs, NAME.ts, - (standard input), NAME.tar
bool is_script(const std::string& target);
bool is_archive(const std::string& target);

// `environment`: of the process. Errors: those of read_script(); invalid: a flag that a script does
// not take.
Result<Plan> read_script_source(const PlanSourceFlags& flags,
                                const std::map<std::string, std::string>& environment);

// The script with all that it reads, as k6's archive.
Result<std::string> archive_script(const PlanSourceFlags& flags);

// The same for scripts that a plan's scenarios name.
Result<ScriptFileReader> script_file_reader(const PlanSourceFlags& flags,
                                            const std::map<std::string, std::string>& environment);

// k6's exit code where a plan that has a script did not run.
int exit_code_of_script(const Error& error);
// Of one that could not be read.
int exit_code_of_source(const PlanSourceFlags& flags, const Error& error);

// On standard error: what of the script has no effect.
void tell_script_warnings(const Plan& plan);

}  // namespace brunt
