// The parts of a plan file, each with its reader. Only yaml_reader.cc calls them, in an order in
// which every name is known before it is used.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plan/field_reader.h"
#include "plan/plan.h"
#include "plan/yaml_reader.h"

namespace brunt {

// The executor and its fields, out of a scenario's map or the plan's `load:`. False if there is no
// `executor:`.
bool read_load(ReadContext& context, MapReader& map, ScenarioOptions& out);

// What steps of one scenario share while they are read.
struct StepReadContext {
  ReadContext& read;
  NameTable& names;    // The scenario's: captures are in it, loop variables come and go.
  Scenario& scenario;  // Its slots grow with loop variables.
};

// Every capture under `steps`, put into names and slots, so that a loop can test what its steps
// will capture.
void declare_captures(StepReadContext& context, const Field& steps, SlotKind kind);

std::vector<Step> read_steps(StepReadContext& context, const Field& steps);

// `map` is a step's; `method` the key that makes it a request.
RequestStep read_request(StepReadContext& context, MapReader& map, std::string_view method);

// `name:`, `timeout:` and `target:` of a step that asks something of a target.
void read_step_name(ReadContext& read, const Field& field, std::string& out);
void read_timeout(ReadContext& read, const Field& field, Duration& out);
void read_timeout(ReadContext& read, const Field& field, std::optional<Duration>& out);
struct StepTarget {
  std::string_view step;    // "redis"
  Position at;              // Of the step.
  std::string_view member;  // Of a service that is named: "url".
};
// For protocols without paths: an address, or a service of this plan; without one the scenario has
// to have it. True: `out` is a constant address, to be looked at.
bool read_step_target(StepReadContext& context, const Field& field, const StepTarget& step,
                      Template& out);

FrameStep read_frame(StepReadContext& context, MapReader& map);
RedisStep read_redis(StepReadContext& context, MapReader& map);

// What a scenario gives its requests.
void read_request_defaults(ReadContext& read, MapReader& map, RequestDefaults& out);

std::vector<Check> read_checks(ReadContext& context, const Field& field);
bool read_status(ReadContext& context, const Field& field, StatusCheck& out);
std::vector<Capture> read_captures(ReadContext& context, const Field& field);

void read_scenario(ReadContext& context, MapReader& map, const Plan& plan, Scenario& out);
// Its executor, or its weight in the plan's `load:`.
void read_scenario_load(ReadContext& context, MapReader& map, const Plan& plan, Scenario& out);

// Scripts that scenarios name, each read once.
struct PlanScripts {
  const ScriptFileReader& read;
  std::map<std::string, Plan> done;  // By path.
};
// Adds the scenario, or those of the script's own options where `map` says no load.
void read_script_scenario(ReadContext& context, MapReader& map, PlanScripts& scripts, Plan& plan,
                          const std::string& name);

// Without expressions: only names and kinds, so that they can be put into the table.
void declare_services(ReadContext& context, const Field& services, NameTable& names, Plan& plan);
void read_services(ReadContext& context, const Field& services, Plan& plan);

// Puts a value of each name into `names`: the one of `choice`, else the first.
void read_matrix(ReadContext& context, const Field& matrix, const MatrixChoice& choice,
                 NameTable& names, Plan& plan);

// After services and scenarios, which they name.
void read_links(ReadContext& context, const Field& links, Plan& plan);

// Evaluates `vars:` in the order of their needs and puts them into `names`.
void read_vars(ReadContext& context, const Field& vars, NameTable& names, Plan& plan);
void read_data(ReadContext& context, const Field& data, NameTable& names, Plan& plan);
void read_watch(ReadContext& context, const Field& watch, Plan& plan);
// `map` is a fault's; the services have been read.
void read_faults(ReadContext& context, const Field& faults, Plan& plan);
void read_expectations(ReadContext& context, const Field& expect, Plan& plan);

}  // namespace brunt
