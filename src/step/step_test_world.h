// A plan's scenario on the simulated network, for the tests of steps: a plan as text, a server that
// answers as told, VUs that run their iterations one after the other, and what was measured.
//
//   StepWorld world;
//   world.answers = {{"/login", reply("{\"id\": 7}")}};
//   world.play(plan_of("steps: [ { GET: /login, check: { status: 200 } } ]"));
//   CHECK(world.sum("checks") == 1);
#pragma once
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "plan/yaml_reader.h"
#include "step/plan_body.h"
#include "step/play_test_world.h"

namespace brunt {

// A plan of one closed scenario "s"; `scenario` is indented by four, as its `steps:` are.
inline std::string plan_of(const std::string& scenario, const std::string& plan = "") {
  return "name: test\n" + plan +
         "scenarios:\n  s:\n    target: http://localhost\n"
         "    executor: per-vu-iterations\n    vus: 1\n    iterations: 1\n    " +
         scenario + "\n";
}

// The same as an open model.
inline std::string open_plan_of(const std::string& scenario) {
  return "name: test\nscenarios:\n  s:\n    target: http://localhost\n"
         "    executor: constant-arrival-rate\n    rate: 10/s\n    duration: 1s\n"
         "    pre_allocated_vus: 1\n    " +
         scenario + "\n";
}

struct StepWorld : PlayWorld {
  struct Options {
    int vus = 1;
    std::uint64_t iterations = 1;  // Of each VU.
    Duration lateness{};           // Of every iteration.
    Rehearsing rehearsing = Rehearsing::no;
  };

  std::function<void(Peer&)> serve_raw;  // Instead of HTTP, for other protocols.
  std::filesystem::path plan_path = "test.yaml";
  std::vector<std::string> members;  // Of services, as several see them (link_plan.h).

  // What happened.
  std::vector<SubjectFigure> subjects;
  int data_ends = 0;  // How often a row was wanted and there was none.

  void play(const std::string& text) { play(text, Options{}); }
  void play(const std::string& text, const Options& options) {
    auto plan = read_plan(text, plan_path, {});
    REQUIRE_MESSAGE(plan.has_value(), plan.error().text());
    HttpTestWorld world{.serve = [this](Peer& peer) { serve(peer); }, .options = {}};
    world.run([&](Fiber& self, HttpContext& http) { run(self, http, *plan, options); });
  }

 private:
  void data_used_up(std::uint32_t) override { ++data_ends; }
  void subject_ended(const Subject& subject) override { subject.append_figures(subjects); }

  void serve(Peer& peer) {
    if (serve_raw) return serve_raw(peer);
    serve_http(peer);
  }

  void run(Fiber& self, HttpContext& http, const Plan& plan, const Options& options) {
    MetricRegistry registry;
    const MetricId step_errors = registry.add({.name = "step_errors"}).value();
    Recorder recorder(registry);
    std::vector<std::unique_ptr<DataCursor>> cursors;
    std::vector<DataCursor*> lent;
    for (const DataPlan& data : plan.data) {
      cursors.push_back(std::make_unique<DataCursor>(
          DataCursor::Options{.rows = data.rows->rows(), .order = data.order}));
      lent.push_back(cursors.back().get());
    }
    StepContext context{.loop = self.loop(),
                        .plan = plan,
                        .members = members,
                        .cursors = lent,
                        .http = http,
                        .recorder = recorder,
                        .step_errors = step_errors,
                        .watcher = *this,
                        .rehearsing = options.rehearsing};
    auto body = PlanBody::create(
        context, 0, is_open(plan.scenarios[0].load.executor) ? LoadModel::open : LoadModel::closed);
    REQUIRE_MESSAGE(body.has_value(), body.error().text);
    run_vus(self, **body,
            {.vus = options.vus, .iterations = options.iterations, .lateness = options.lateness});
    take_samples(recorder);
  }
};

}  // namespace brunt
