// A plan's scenario on the simulated network, for the tests of steps: a plan as text, a server that
// answers as told, VUs that run their iterations one after the other, and what was measured.
//
//   StepWorld world;
//   world.answers = {{"/login", reply("{\"id\": 7}")}};
//   world.play(plan_of("steps: [ { GET: /login, check: { status: 200 } } ]"));
//   CHECK(world.sum("checks") == 1);
#pragma once
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "client/http_test_world.h"
#include "metrics/totals.h"
#include "plan/yaml_reader.h"
#include "step/plan_body.h"

namespace brunt {

// A whole response with this body.
inline std::string reply(const std::string& body, const std::string& fields = "",
                         const std::string& status = "200 OK") {
  return "HTTP/1.1 " + status + "\r\n" + fields + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

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

struct StepWorld : StepWatcher {
  using Answer = std::function<void(Peer&, const std::string& request)>;

  struct Options {
    int vus = 1;
    std::uint64_t iterations = 1;  // Of each VU.
    Duration lateness{};           // Of every iteration.
    Rehearsing rehearsing = Rehearsing::no;
  };

  std::map<std::string, std::string> answers;  // By target; else 404.
  Answer answer;                               // Instead, where it is set.
  std::function<void(Peer&)> serve_raw;        // Instead of HTTP, for other protocols.
  std::filesystem::path plan_path = "test.yaml";
  std::vector<std::string> members;  // Of services, as several see them (link_plan.h).

  // What happened.
  std::vector<std::string> requests;
  std::vector<Instant> arrivals;
  std::vector<IterationEnd> ends;
  std::vector<std::string> told;
  std::vector<std::string> vus_failed;
  std::vector<SubjectFigure> subjects;
  int data_ends = 0;  // How often a row was wanted and there was none.
  Duration elapsed{};
  Totals totals;

  void play(const std::string& text) { play(text, Options{}); }
  void play(const std::string& text, const Options& options) {
    auto plan = read_plan(text, plan_path, {});
    REQUIRE_MESSAGE(plan.has_value(), plan.error().text());
    HttpTestWorld world{.serve = [this](Peer& peer) { serve(peer); }, .options = {}};
    world.run([&](Fiber& self, HttpContext& http) { run(self, http, *plan, options); });
  }

  // A counter's sum, a rate's hits; of the series that have these tags.
  double sum(std::string_view metric, std::vector<Tag> tags = {}) const {
    const auto sink = totals.select({std::string(metric), make_tag_set(std::move(tags))});
    if (!sink) return 0;
    return sink->kind() == MetricKind::rate ? static_cast<double>(sink->hits()) : sink->sum();
  }
  std::uint64_t count(std::string_view metric, std::vector<Tag> tags = {}) const {
    const auto sink = totals.select({std::string(metric), make_tag_set(std::move(tags))});
    return sink ? sink->count() : 0;
  }
  double mean(std::string_view metric) const {
    const auto sink = totals.select({std::string(metric), {}});
    return sink ? sink->sum() / static_cast<double>(sink->count()) : -1;
  }

  // "GET /path" of each request.
  std::vector<std::string> lines() const {
    std::vector<std::string> lines;
    for (const std::string& request : requests)
      lines.push_back(request.substr(0, request.find(" HTTP/")));
    return lines;
  }
  static std::string body_of(const std::string& request) {
    return request.substr(request.find("\r\n\r\n") + 4);
  }
  static std::string field_of(const std::string& request, std::string_view name) {
    const std::string_view head = std::string_view(request).substr(0, request.find("\r\n\r\n"));
    for (const std::string_view line : split(head, '\n'))
      if (const auto colon = line.find(':');
          colon != std::string_view::npos && equal_ignoring_case(line.substr(0, colon), name))
        return std::string(trim(line.substr(colon + 1)));
    return "-";
  }

 private:
  void step_failed(std::string_view, std::string_view text) override { told.emplace_back(text); }
  void data_used_up(std::uint32_t) override { ++data_ends; }
  void subject_ended(const Subject& subject) override { subject.append_figures(subjects); }

  void serve(Peer& peer) {
    if (serve_raw) return serve_raw(peer);
    while (true) {
      const std::string request = peer.request();
      if (request.empty()) return;
      requests.push_back(request);
      arrivals.push_back(peer.now());
      if (answer) {
        answer(peer, request);
        continue;
      }
      const auto parts = split(std::string_view(request).substr(0, request.find("\r\n")), ' ');
      const auto found = answers.find(std::string(parts[1]));
      if (!peer.send(found == answers.end() ? reply("", "", "404 Not Found") : found->second))
        return;
    }
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
    const Instant started = self.now();
    // What waits for ever is cut off, as a scenario's end would.
    bool over = false;
    Fiber* end = *self.loop().spawn("end", [&](Fiber& fiber) {
      if (!fiber.sleep(1h)) return;
      over = true;
      self.cancel();
    });
    std::uint64_t index = 0;
    for (int number = 1; number <= options.vus; ++number) {
      Vu vu{.id_in_test = static_cast<std::uint64_t>(number),
            .id_in_scenario = static_cast<std::uint64_t>(number)};
      if (auto ready = (*body)->start_vu(self, vu); !ready) {
        vus_failed.push_back(ready.error().text);
        continue;
      }
      for (std::uint64_t i = 0; i < options.iterations; ++i) {
        const Iteration iteration{.index = index++,
                                  .index_in_vu = i,
                                  .planned = self.now() - options.lateness,
                                  .started = self.now()};
        ends.push_back((*body)->run(self, vu, iteration));
      }
      (*body)->end_vu(self, vu);
    }
    elapsed = self.now() - started;
    if (!over) end->cancel();
    REQUIRE(totals.merge(0, recorder.freeze(0)));
    (void)totals.close_second(0);
  }
};

}  // namespace brunt
