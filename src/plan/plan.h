// A plan: everything a run needs to know, whatever file or option it came from. Plain structs, read
// once, then constant.
//
// Readers make it (yaml_reader.h, bare_url.h, targets.h), describe_plan.h prints it, the conductor
// runs it. Expressions in it are compiled; their names are indices into the vectors here (scope.h).
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "load/scenario_options.h"
#include "metrics/threshold_judge.h"
#include "plan/data_set.h"
#include "plan/expression.h"
#include "plan/fault_plan.h"
#include "plan/link_plan.h"
#include "plan/position.h"
#include "plan/service_plan.h"
#include "plan/steps.h"

namespace brunt {

// A named set of rows: `${name.column}`.
struct DataPlan {
  std::string name;
  Position at;
  std::filesystem::path file;
  DataOrder order = DataOrder::sequential;
  // Shared because plans are copied, one for each loop, and the rows may be many; they never
  // change.
  std::shared_ptr<const DataSet> rows;
};

enum class SlotKind : std::uint8_t {
  kept,       // Captured under `before:`: set once for each VU, kept over its iterations.
  iteration,  // Captured under `steps:`: back to null when an iteration starts.
  loop,       // A loop's variable.
};

struct Slot {
  std::string name;
  SlotKind kind = SlotKind::iteration;
};

// What requests may take from their scenario.
struct RequestDefaults {
  std::vector<NamedTemplate> headers;
  Duration timeout = std::chrono::seconds(60);  // k6's.
  std::uint32_t redirects_max = 10;             // k6's. 0: redirects are answers like others.
  std::optional<BasicAuth> auth;
  bool cookies = true;  // A jar for each VU, emptied when an iteration starts.
};

struct ScriptBundle;  // plan/script_bundle.h

// Which function of which script a scenario runs.
struct ScriptCall {
  std::string function = "default";
  std::map<std::string, std::string> environment;  // Over the bundle's.
  std::vector<NamedTemplate> run_environment;      // The same, where it names services.
  // Shared because plans are copied, one for each loop; it never changes.
  std::shared_ptr<const ScriptBundle> bundle;
};

// Whether a scenario's figures are kept for each client too (RunRecord::subjects).
enum class Subjects : std::uint8_t { none, client };

struct Scenario {
  std::string name;
  Position at;
  // The executor and its fields; name and start time too. Unused where `weight` is set.
  ScenarioOptions load;
  // Not 0: it shares the plan's `load:` with others in this proportion (load/weighted_body.h).
  std::uint64_t weight = 0;
  // A URL that paths go under; constant for a URL, `${service.url}` for a service. Empty: every
  // request has an absolute URL.
  Template target;
  std::optional<std::uint32_t> target_service;  // Index of Plan::services.
  Tags tags;
  Subjects subjects = Subjects::none;
  RequestDefaults defaults;
  std::vector<Slot> slots;               // Behind Scope::slots.
  std::vector<std::uint32_t> data_sets;  // Used by `steps`: a row is claimed for each iteration.
  std::vector<std::uint32_t> before_data_sets;  // Used by `before`: a row for each VU.
  std::vector<Step> before;                     // Once for each VU, when it starts.
  std::vector<Step> steps;                      // An iteration.
  std::optional<ScriptCall> script;             // Instead of `before` and `steps`.
  // An iteration does only one of `steps`: number iteration_in_test modulo their count. So a list
  // of targets is gone through in order over all VUs, one request an iteration.
  bool cycle = false;
};

struct Expectation {
  Position at;
  Threshold threshold;
};

struct TlsOptions {
  bool insecure = false;              // Do not verify the server's certificate.
  std::filesystem::path ca;           // PEM; else the machine's.
  std::filesystem::path certificate;  // PEM, the client's; with `key`.
  std::filesystem::path key;
  std::string server_name;  // Instead of the URL's host.
  bool http2 = false;       // Offered beside HTTP/1.1; the server chooses.
};

struct ResultStream {
  std::string format;  // json, csv
  std::filesystem::path file;
};

// What is sampled of a service while the run goes on. Of those that brunt starts all are, unless
// one is here and says no.
struct WatchPlan {
  Position at;
  std::string service;
  bool process = true;
  std::int32_t pid = 0;  // Of one that runs already; 0: not given.
  std::string program;   // The same by its name; empty: not given.
};

// A name with several values, of which this plan was read with one: `matrix:`.
struct MatrixAxis {
  std::string name;
  std::vector<Json> values;
  std::size_t chosen = 0;
};
// Values that are asked for, by name.
using MatrixChoice = std::vector<std::pair<std::string, std::string>>;

struct Plan {
  std::string name;  // As given, else the file's name without ending.
  std::string about;
  std::filesystem::path source;       // The file; empty for a bare URL.
  std::optional<std::uint64_t> seed;  // None: the run draws one and records it.
  double time_scale = 1;              // Already applied to everything here; for the record.
  std::optional<Duration> warmup;
  std::vector<std::pair<std::string, Json>> vars;  // With --set applied; for the record.
  std::vector<MatrixAxis> matrix;  // A run for each combination of values; usually empty.
  std::vector<ServicePlan> services;
  std::vector<std::uint32_t> start_order;  // Indices of services, each after those it names.
  std::vector<LinkPlan> links;
  std::vector<DataPlan> data;
  // Where the plan itself is a script: that of all its scenarios.
  std::shared_ptr<const ScriptBundle> script;
  std::vector<Scenario> scenarios;
  std::optional<ScenarioOptions> shared_load;  // `load:`, for the scenarios with a weight.
  std::vector<WatchPlan> watch;
  std::vector<FaultPlan> faults;
  std::vector<Expectation> expectations;
  std::vector<std::string> allow;  // Hosts or host:port that may be loaded besides loopback.
  Tags tags;
  TlsOptions tls;
  std::vector<ResultStream> out;
};

std::vector<FaultSpec> fault_specs(const Plan& plan);  // In the order of Plan::faults.

}  // namespace brunt
