// Scenarios of a plan that name scripts. What reads a script is the script layer's: here it is made
// up.
#include <doctest/doctest.h>

#include "base/file.h"
#include "base/temporary_folder.h"
#include "plan/describe_plan.h"
#include "plan/script_rows.h"
#include "plan/yaml_reader.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;

// A script with a function buy(), a metric, a threshold and a load of its own with two scenarios.
struct MadeUpScripts {
  std::string load_error, condition = "count>1";
  std::vector<std::string> read;  // Paths, each with what it was told of BASE.

  ScriptFileReader reader() {
    return [this](const std::filesystem::path& path,
                  const std::map<std::string, std::string>& environment) -> Result<Plan> {
      if (path.filename() == "gone.js") return fail(ErrorCode::not_found, "gone.js: no such file");
      const auto base = environment.find("BASE");
      read.push_back(path.string() + " " + (base != environment.end() ? base->second : "-"));
      ScriptBundle bundle{.entry = path.string()};
      bundle.functions = {"buy", "default"};
      bundle.load_error = load_error;
      bundle.metrics = {{.name = "bought"}};
      bundle.shared_arrays = {{"users", {}}, {"goods", {}}};
      Plan plan;
      plan.tags = {{"team", "shop"}};
      if (load_error.empty())
        for (const char* name : {"default", "night"}) {
          Scenario scenario{.name = name};
          scenario.load.vus = 7;
          scenario.load.duration = 10s;
          scenario.load.name = name;
          scenario.script.emplace().environment = {{"OWN", name}};
          plan.scenarios.push_back(std::move(scenario));
        }
      MetricRegistry registry;
      (void)registry.add(bundle.metrics[0]);
      for (const char* selector : {"bought", "bought{scenario:night}"})
        plan.expectations.push_back(
            {.threshold = make_threshold(registry, selector, condition).value()});
      plan.script = std::make_shared<const ScriptBundle>(std::move(bundle));
      return plan;
    };
  }

  PlanResult<Plan> plan(const std::string& scenarios, const std::string& more = "") {
    return read_plan("services: { web: { engine: nginx } }\nscenarios:\n" + scenarios + more,
                     "plans/x.yaml", {.read_script = reader()});
  }
  std::string error(const std::string& scenarios, const std::string& more = "") {
    const auto read_plan = plan(scenarios, more);
    return read_plan ? "nothing" : read_plan.error().text();
  }
};

std::vector<std::string> expected_of(const Plan& plan) {
  std::vector<std::string> texts;
  for (const Expectation& one : plan.expectations) texts.push_back(one.threshold.selector.text());
  return texts;
}

const std::string load = "executor: constant-vus, vus: 2, duration: 5s";

}  // namespace

TEST_CASE("a scenario runs a function of a script with the load of the plan") {
  MadeUpScripts scripts;
  const auto plan = scripts.plan("  a: { script: s.js, exec: buy, " + load +
                                 ", env: { BASE: \"${web.url}\", N: 3 }, tags: { t: x } }\n");
  REQUIRE_MESSAGE(plan.has_value(), plan.error().text());
  REQUIRE(plan->scenarios.size() == 1);
  const Scenario& scenario = plan->scenarios[0];
  CHECK(scenario.load.vus == 2);
  CHECK(scenario.load.preparation == VuPreparation::before_the_scenario);
  REQUIRE(scenario.script);
  CHECK(scenario.script->function == "buy");
  CHECK(scenario.script->environment == std::map<std::string, std::string>{{"N", "3"}});
  CHECK(scenario.script->run_environment.at(0).name == "BASE");
  CHECK(scenario.tags == Tags{{"t", "x"}, {"team", "shop"}});
  CHECK(scripts.read == std::vector<std::string>{"plans/s.js http://127.0.0.1:1"});
  CHECK(expected_of(*plan) == std::vector<std::string>{"bought{scenario:a}"});
  CHECK(describe_plan(*plan).contains("buy() of plans/s.js"));
}

TEST_CASE("a scenario that says no load runs the scenarios of the script's own options") {
  MadeUpScripts scripts;
  const auto plan = scripts.plan("  a: { script: s.js, env: { OWN: plan } }\n");
  REQUIRE_MESSAGE(plan.has_value(), plan.error().text());
  REQUIRE(plan->scenarios.size() == 2);
  CHECK(plan->scenarios[0].name == "a-default");
  CHECK(plan->scenarios[1].load.name == "a-night");
  CHECK(plan->scenarios[1].load.vus == 7);
  CHECK(plan->scenarios[1].script->environment.at("OWN") == "night");
  CHECK(expected_of(*plan) == std::vector<std::string>{"bought{scenario:a-default}",
                                                       "bought{scenario:a-night}",
                                                       "bought{scenario:a-night}"});
}

TEST_CASE("a script that several scenarios name is read once and is one script") {
  MadeUpScripts scripts;
  const auto plan = scripts.plan("  a: { script: s.js, " + load + " }\n  b: { script: ./s.js, " +
                                     load + " }\n  c: { script: other.js, " + load + " }\n",
                                 "expect: { \"bought{scenario:b}\": count > 2 }\n");
  REQUIRE_MESSAGE(plan.has_value(), plan.error().text());
  CHECK(scripts.read.size() == 2);
  const auto all = scripts_of(*plan);
  REQUIRE(all.size() == 2);
  CHECK(all[1].scenario == 2);
  CHECK(script_of(*plan, 1) == 0);
  CHECK(script_of(*plan, 2) == 1);
  CHECK(expected_of(*plan).back() == "bought{scenario:b}");
}

TEST_CASE("a threshold of a script after warm-up needs the plan's") {
  MadeUpScripts scripts;
  scripts.condition = "count>1 after warm-up";
  CHECK(scripts.error("  a: { script: s.js, " + load + " }\n")
            .contains("its threshold \"count>1 after warm-up\" needs to know the warm-up"));
  CHECK(scripts.error("  a: { script: s.js, " + load + " }\n", "warmup: 2s\n") == "nothing");
}

TEST_CASE("each shared array of each script has a cursor behind those of data") {
  MadeUpScripts scripts;
  const auto plan = scripts.plan("  a: { script: s.js, " + load + " }\n  b: { script: other.js, " +
                                 load + " }\n");
  REQUIRE_MESSAGE(plan.has_value(), plan.error().text());
  CHECK(script_rows(*plan).size() == 4);
  CHECK(cursor_of_rows(*plan, 0, "goods") == 0);
  CHECK(cursor_of_rows(*plan, 0, "users") == 1);
  CHECK(cursor_of_rows(*plan, 1, "users") == 3);
  CHECK(cursor_of_rows(*plan, 1, "gone") == std::nullopt);
}

TEST_CASE("env of a script is the same for all of its users") {
  MadeUpScripts scripts;
  const TemporaryFolder folder = TemporaryFolder::make("brunt-plan").value();
  const std::string file = (folder / "users.csv").string();
  REQUIRE(write_file(file, "name\nann\n"));
  const auto error_of = [&](const std::string& value) {
    return scripts.error("  a: { script: s.js, " + load + ", env: { N: \"" + value + "\" } }\n",
                         "data: { users: { file: " + file + ", order: once } }\n");
  };
  CHECK(error_of("${users.name}").contains("${users.name} in N is not: rows are for steps"));
  CHECK(error_of("${users}").contains("rows are for steps"));
  CHECK(error_of("user-${vu}").contains("user-${vu} in N is not: the script can make it itself"));
  CHECK(error_of("${uuid()}").contains("the script can make it itself"));
  CHECK(error_of("${scenario}/${web.url}") == "nothing");
}

TEST_CASE("what a scenario with a script cannot be is said at its line") {
  MadeUpScripts scripts;
  CHECK(scripts.error("  a: { script: gone.js, " + load + " }\n")
            .contains("scenarios.a.script: gone.js: no such file"));
  CHECK(scripts.error("  a: { script: s.js, exec: sell, " + load + " }\n")
            .contains("exports no function sell"));
  CHECK(scripts.error("  a: { script: s.js, exec: buy }\n").contains("needs an \"executor\""));
  CHECK(scripts.error("  a: { script: s.js, " + load + ", steps: [ { GET: / } ] }\n")
            .contains("a script says this itself"));
  CHECK(scripts.error("  a: { script: s.js }\n  a-night: { script: s.js, " + load + " }\n")
            .contains("two scenarios would be called a-night"));
  CHECK(scripts.error("  a: { exec: buy, " + load + ", steps: [ { GET: / } ], target: web }\n")
            .contains("\"exec\" is for a scenario with a \"script\""));
  scripts.load_error = "s.js: the script exports no default function";
  CHECK(scripts.error("  a: { script: s.js }\n").contains("exports no default function"));
  CHECK(scripts.error("  a: { script: s.js, exec: buy, " + load + " }\n") == "nothing");
}

}  // namespace brunt
