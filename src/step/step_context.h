// What the steps of all scenarios on one loop share, and what a virtual user of a plan keeps.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "client/http_session.h"
#include "load/vu.h"
#include "metrics/recorder.h"
#include "metrics/subject.h"
#include "plan/plan.h"
#include "plan/scope.h"

namespace brunt {

// What a script said of its own run: test.fail(), test.abort().
enum class ScriptJudgement : std::uint8_t { none, failed, aborted };

// How one instance (here: one loop of it) is getting on.
struct InstanceFigures {
  Duration elapsed{};  // Since the load began.
  std::uint64_t completed = 0, interrupted = 0;
  std::uint64_t vus_active = 0, vus = 0;
};

// Hears what no metric says well: a sentence for the user, each kind once.
class StepWatcher {
 public:
  virtual ~StepWatcher() = default;
  // A request could not be made, a loop ran away, data ran out. On the loop's thread; must not
  // park.
  virtual void step_failed(std::string_view scenario, std::string_view text) = 0;
  // Every row of a `once` data set has been taken: the scenario (of Plan::scenarios) has nothing
  // left to do.
  virtual void data_used_up(std::uint32_t /*scenario*/) {}
  // A client of a scenario with `subjects: client` has ended.
  virtual void subject_ended(const Subject& /*subject*/) {}
  // A script's console.log(); every time.
  virtual void script_said(std::string_view /*text*/) {}
  // A script judged its own run; aborted: everything is to end now. Must not park.
  virtual void script_judged(ScriptJudgement /*judgement*/, std::string_view /*reason*/) {}
  // What a script may ask: how the load goes.
  virtual InstanceFigures instance() const { return {}; }
};

// In a rehearsal a model answers: what a capture does not find is made up.
enum class Rehearsing : std::uint8_t { no, yes };

// Whether the samples of a request count from a planned instant too.
enum class LoadModel : std::uint8_t { closed, open };

// How often requests may begin: k6's `rps`, this loop's share of it.
struct RequestPace {
  Duration interval{};  // Zero: at any time.
  Instant next{};
};

// Everything here outlives the bodies made from it.
struct StepContext {
  Loop& loop;
  const Plan& plan;
  std::span<const std::string> members;  // Of services, as each sees them (plan/link_plan.h).
  std::span<DataCursor* const> cursors;  // By Plan::data.
  HttpContext& http;
  Recorder& recorder;
  MetricId step_errors;  // A counter, tagged with the error.
  std::uint64_t seed = 1;
  StepWatcher& watcher;
  Rehearsing rehearsing = Rehearsing::no;
  RequestPace pace = {};
};

// The plan's tags, `own` ones, and `scenario`: of all that is measured of a scenario, or of several
// that share an executor.
TagSetId scenario_tags(Recorder& recorder, const Plan& plan, const Tags& own,
                       const std::string& name);

// What a scenario's steps have in common.
struct ScenarioContext {
  // For Plan::scenarios[index]; `context` must outlive it. Errors: invalid (the scenario's target).
  static Result<ScenarioContext> create(StepContext& context, std::uint32_t index, LoadModel model);

  StepContext& shared;
  const Scenario& scenario;
  std::uint32_t index = 0;               // Of Plan::scenarios.
  std::span<const std::string> members;  // Of services, as this scenario sees them.
  std::string target;  // Expanded: "http://127.0.0.1:8080", without '/' at its end; may be empty.
  HttpSessionOptions session;
  TagSetId tags = TagSetId::none;  // Plan's and scenario's.
  LoadModel model = LoadModel::closed;
  std::vector<std::string_view> told;     // Messages of failures whose details were told.
  std::vector<std::string> session_keys;  // By slot.

  // A step's own target, as this scenario sees services; where it has none, the scenario's. Errors:
  // invalid.
  Result<std::string> target_of(const Template& own) const;
  // Where PlanVu::sessions keeps what all steps of this key share: "frame localhost:14000 ...".
  std::uint32_t session_slot(std::string key);
  // The scenario's tags with the step's name and own tags.
  TagSetId request_tags(std::string_view name, const Tags& own) const;
};

// A virtual user between and during its iterations.
struct PlanVu final : VuState {
  PlanVu(HttpContext& http, const HttpSessionOptions& options, Prng chance)
      : session(http, options), prng(chance) {}

  HttpSession session;
  // What other protocols keep for the VU: connections, sequence numbers. By
  // ScenarioContext::session_slot(); nullptr until it is first used.
  std::vector<std::unique_ptr<VuState>> sessions;
  std::unique_ptr<Subject> subject;  // Where the scenario asks for figures of each client.
  std::vector<Json> slots;
  std::vector<const Json*> rows;  // The first cell of the row claimed, by Plan::data.
  Prng prng;
  std::uint64_t id = 0, id_in_scenario = 0;
  std::uint64_t iteration = 0, iteration_in_test = 0;
  Duration lateness{};  // How late the iteration started; zero in closed models.
  std::uint64_t bytes_sent = 0, bytes_received = 0;  // In this iteration.
};

// What the VU keeps in a slot; nullptr until it is first used.
std::unique_ptr<VuState>& session_of(const ScenarioContext& scenario, PlanVu& vu,
                                     std::uint32_t slot);

// Before the samples of a request that has ended are recorded, of whatever protocol: stamps them.
void begin_samples(ScenarioContext& scenario, const PlanVu& vu);

// Whether the failure's details say what its message leaves open (why an answer is malformed, what
// the generator itself is short of), and nobody was told of a failure of this kind. From then on
// somebody was.
bool is_news(ScenarioContext& scenario, const RequestFailure& failure);

// What the VU's expressions see now.
Scope scope_of(const ScenarioContext& scenario, PlanVu& vu);

// Runs one step that asks something of a target. One for each such step of a scenario on each loop;
// any number of VUs run it at once.
class StepRunner {
 public:
  virtual ~StepRunner() = default;

  // Parks until the request has ended. What the target did is in the metrics. Errors: cancelled;
  // invalid: the request could not be made (a variable that is not set): the iteration cannot go
  // on.
  virtual Result<> run(Fiber& self, PlanVu& vu) = 0;
};

}  // namespace brunt
