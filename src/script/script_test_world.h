// A k6 script on the simulated network, for the tests of scripts: a script as text, a server that
// answers as told, VUs that run their iterations one after the other, and what was measured.
//
//   ScriptWorld world;
//   world.answers = {{"/", reply("{\"id\": 7}")}};
//   world.play("import http from 'k6/http'; export default () => { http.get('http://localhost/')
//   }"); CHECK(world.sum("http_reqs") == 1);
#pragma once
#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "client/http_test_world.h"
#include "metrics/totals.h"
#include "plan/script_bundle.h"
#include "script/script_body.h"
#include "script/script_reader.h"
#include "script/script_stage.h"

namespace brunt {

inline std::string script_reply(const std::string& body, const std::string& fields = "",
                                const std::string& status = "200 OK") {
  return "HTTP/1.1 " + status + "\r\n" + fields + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

struct ScriptWorld : StepWatcher {
  struct Options {
    int vus = 1;
    std::uint64_t iterations = 1;  // Of each VU.
    std::string setup_data;        // JSON.
    Duration cut_off = 1h;         // When everything is cancelled, as at a scenario's end.
  };

  std::map<std::string, std::string> answers;             // By target; else 404.
  std::function<void(Peer&, const std::string&)> answer;  // Instead, where it is set.
  std::filesystem::path path = "test.js";
  ScriptSettings settings;

  // What happened.
  std::vector<std::string> requests;
  std::vector<Instant> arrivals;
  std::vector<IterationEnd> ends;
  std::vector<std::string> told, said, vus_failed;
  ScriptJudgement judgement = ScriptJudgement::none;
  std::string reason;
  Duration elapsed{};
  Totals totals;

  void play(const std::string& script) { play(script, Options{}); }
  void play(const std::string& script, const Options& options) {
    auto plan = read_script(script, path, settings);
    REQUIRE_MESSAGE(plan.has_value(), plan.error().text);
    perform(*plan, [&](Fiber& self, StepContext& context, const MetricRegistry& registry) {
      run_vus(self, context, registry, options);
    });
  }

  // Runs one exported function as setup() is run.
  Result<std::string> stage(const std::string& script, const std::string& function,
                            const std::string& data = "") {
    auto plan = read_script(script, path, settings);
    REQUIRE_MESSAGE(plan.has_value(), plan.error().text);
    Result<std::string> returned;
    perform(*plan, [&](Fiber& self, StepContext& context, const MetricRegistry& registry) {
      ScriptStage stage(context, registry);
      returned = stage.run(self, function, data, 60s);
    });
    return returned;
  }

  double sum(std::string_view metric, std::vector<Tag> tags = {}) const {
    const auto sink = totals.select({std::string(metric), make_tag_set(std::move(tags))});
    if (!sink) return 0;
    return sink->kind() == MetricKind::rate ? static_cast<double>(sink->hits()) : sink->sum();
  }
  std::uint64_t count(std::string_view metric, std::vector<Tag> tags = {}) const {
    const auto sink = totals.select({std::string(metric), make_tag_set(std::move(tags))});
    return sink ? sink->count() : 0;
  }
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
  void script_said(std::string_view text) override { said.emplace_back(text); }
  void script_judged(ScriptJudgement word, std::string_view why) override {
    judgement = word;
    reason = why;
  }

  void serve(Peer& peer) {
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
      if (!peer.send(found == answers.end() ? script_reply("", "", "404 Not Found")
                                            : found->second))
        return;
    }
  }

  template <typename Work>
  void perform(const Plan& plan, Work work) {
    HttpTestWorld world{.serve = [this](Peer& peer) { serve(peer); }, .options = {}};
    world.run([&](Fiber& self, HttpContext& http) {
      MetricRegistry registry;
      for (const MetricInfo& metric : plan.script->metrics) REQUIRE(registry.add(metric));
      const MetricId step_errors = registry.add({.name = "step_errors"}).value();
      Recorder recorder(registry);
      StepContext context{.loop = self.loop(),
                          .plan = plan,
                          .members = {},
                          .cursors = {},
                          .http = http,
                          .recorder = recorder,
                          .step_errors = step_errors,
                          .watcher = *this};
      work(self, context, registry);
      REQUIRE(totals.merge(0, recorder.freeze(0)));
      (void)totals.close_second(0);
    });
  }

  void run_vus(Fiber& self, StepContext& context, const MetricRegistry& registry,
               const Options& options) {
    const Scenario& scenario = context.plan.scenarios[0];
    auto body = ScriptBody::create(
        context, {.registry = registry,
                  .model = is_open(scenario.load.executor) ? LoadModel::open : LoadModel::closed,
                  .setup_data = options.setup_data});
    REQUIRE_MESSAGE(body.has_value(), body.error().text);
    const Instant started = self.now();
    bool over = false;
    Fiber* end = *self.loop().spawn("end", [&](Fiber& fiber) {
      if (!fiber.sleep(options.cut_off)) return;
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
        const Iteration iteration{
            .index = index++, .index_in_vu = i, .planned = self.now(), .started = self.now()};
        ends.push_back((*body)->run(self, vu, iteration));
      }
      (*body)->end_vu(self, vu);
    }
    elapsed = self.now() - started;
    if (!over) end->cancel();
  }
};

// What each expression comes to in one VU, as console.log() shows it; `await` may be written. What
// throws is "Name: message".
struct ScriptExpression {
  std::string expression, value;
};
inline void check_expressions(const std::string& before,
                              const std::vector<ScriptExpression>& expressions) {
  std::string body;
  for (const ScriptExpression& one : expressions)
    body += "try { console.log(" + one.expression +
            ") } catch (error) { console.log(`${error.name}: ${error.message}`) }\n";
  ScriptWorld world;
  world.play(before + "\nexport default async function () {\n" + body + "}");
  CHECK(world.told == std::vector<std::string>{});
  REQUIRE(world.said.size() == expressions.size());
  for (std::size_t i = 0; i < expressions.size(); ++i)
    CHECK_MESSAGE(world.said[i] == "console.log: " + expressions[i].value,
                  expressions[i].expression);
}

}  // namespace brunt
