// What the steps of all scenarios on one loop share, and what a virtual user of a plan keeps.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "client/http_session.h"
#include "load/vu.h"
#include "metrics/recorder.h"
#include "plan/plan.h"

namespace brunt {

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
};

// In a rehearsal a model answers: what a capture does not find is made up.
enum class Rehearsing : std::uint8_t { no, yes };

// Everything here outlives the bodies made from it.
struct StepContext {
  Loop& loop;
  const Plan& plan;
  std::span<const std::string> members;  // Of services: Scope::members.
  std::span<DataCursor* const> cursors;  // By Plan::data.
  HttpContext& http;
  Recorder& recorder;
  MetricId step_errors;  // A counter, tagged with the error.
  std::uint64_t seed = 1;
  StepWatcher& watcher;
  Rehearsing rehearsing = Rehearsing::no;
};

// A virtual user between and during its iterations.
struct PlanVu final : VuState {
  PlanVu(HttpContext& http, const HttpSessionOptions& options, Prng chance)
      : session(http, options), prng(chance) {}

  HttpSession session;
  std::vector<Json> slots;
  std::vector<const Json*> rows;  // The first cell of the row claimed, by Plan::data.
  Prng prng;
  std::uint64_t id = 0;
  std::uint64_t iteration = 0, iteration_in_test = 0;
  Duration lateness{};  // How late the iteration started; zero in closed models.
  std::uint64_t bytes_sent = 0, bytes_received = 0;  // In this iteration.
};

}  // namespace brunt
