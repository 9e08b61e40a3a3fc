// A k6 script on the simulated network, for the tests of scripts: a script as text, a server that
// answers as told, VUs that run their iterations one after the other, and what was measured.
//
//   ScriptWorld world;
//   world.answers = {{"/", reply("{\"id\": 7}")}};
//   world.play("import http from 'k6/http'; export default () => { http.get('http://localhost/')
//   }"); CHECK(world.sum("http_reqs") == 1);
#pragma once
#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "loop/fiber_group.h"
#include "plan/script_bundle.h"
#include "script/script_body.h"
#include "script/script_folder_for_tests.h"
#include "script/script_reader.h"
#include "script/script_stage.h"
#include "step/play_test_world.h"

namespace brunt {

struct ScriptWorld : PlayWorld {
  struct Options {
    int vus = 1;
    std::uint64_t iterations = 1;  // Of each VU.
    std::string setup_data;        // JSON.
    Duration cut_off = 1h;         // When everything is cancelled, as at a scenario's end.
  };

  std::filesystem::path path = "test.js";
  Duration linger{};  // How much longer the network lives, for what is on its way.
  ScriptSettings settings;

  // What happened.
  std::vector<std::string> said;
  ScriptJudgement judgement = ScriptJudgement::none;
  std::string reason;

  void play(const std::string& script) { play(script, Options{}); }
  void play(const std::string& script, const Options& options) {
    auto plan = read_script(script, path, settings);
    REQUIRE_MESSAGE(plan.has_value(), plan.error().text);
    perform(*plan, [&](Fiber& self, StepContext& context, const MetricRegistry& registry) {
      run_script(self, context, registry, options);
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

 private:
  void script_said(std::string_view text) override { said.emplace_back(text); }
  void script_judged(ScriptJudgement word, std::string_view why) override {
    judgement = word;
    reason = why;
  }

  template <typename Work>
  void perform(const Plan& plan, Work work) {
    HttpTestWorld world{.serve = [this](Peer& peer) { serve_http(peer); }, .options = {}};
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
      // On a fiber of its own, which may be cancelled.
      FiberGroup players(self.loop());
      REQUIRE(players.spawn("play", [&](Fiber& player) { work(player, context, registry); }));
      REQUIRE(players.join(self));
      if (linger > Duration{}) REQUIRE(self.sleep(linger));
      take_samples(recorder);
    });
  }

  void run_script(Fiber& self, StepContext& context, const MetricRegistry& registry,
                  const Options& options) {
    const Scenario& scenario = context.plan.scenarios[0];
    auto body = ScriptBody::create(
        context, {.registry = registry,
                  .model = is_open(scenario.load.executor) ? LoadModel::open : LoadModel::closed,
                  .setup_data = options.setup_data});
    REQUIRE_MESSAGE(body.has_value(), body.error().text);
    run_vus(self, **body,
            {.vus = options.vus, .iterations = options.iterations, .cut_off = options.cut_off});
  }
};

// What each expression comes to in one VU, as a text or as JSON; `await` may be written. What
// throws is "Name: message".
struct ScriptExpression {
  std::string expression, value;
};
inline void check_expressions(const std::string& before,
                              const std::vector<ScriptExpression>& expressions) {
  std::string body;
  for (const ScriptExpression& one : expressions)
    body += "try { console.log(__shown(" + one.expression +
            ")) } catch (error) { console.log(`${error.name}: ${error.message}`) }\n";
  ScriptWorld world;
  world.play(before +
             "\nconst __shown = (value) => typeof value !== 'object' || value instanceof Error ? "
             "String(value) : JSON.stringify(value) ?? String(value);"
             "\nexport default async function () {\n" +
             body + "}");
  CHECK(world.told == std::vector<std::string>{});
  REQUIRE(world.said.size() == expressions.size());
  for (std::size_t i = 0; i < expressions.size(); ++i)
    CHECK_MESSAGE(world.said[i] == "console.log: " + expressions[i].value,
                  expressions[i].expression);
}

}  // namespace brunt
