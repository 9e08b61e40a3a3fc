// Overrides, time scale, bare URLs, targets, and how a plan is told.
#include "plan/plan.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "plan/bare_url.h"
#include "plan/describe_plan.h"
#include "plan/targets.h"
#include "plan/time_scale.h"
#include "plan/yaml_reader.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view small_plan = R"(
vars: { store: sqlite, twice: "${store}${store}" }
warmup: 10s
services:
  database: { engine: "${store}" }
  collector: { builtin: iot, with: { store: "${database.url}", rate: 8/s } }
scenarios:
  device:
    target: collector
    executor: ramping-vus
    start_vus: 5
    stages: [ { duration: 1m, target: 100 }, { duration: 2m, target: 50 } ]
    start_time: 20s
    steps:
      - GET: /command
        timeout: 3s
      - think: 25s..35s
      - loop: { count: 2, steps: [ { think: 1s } ] }
  reader:
    target: collector
    executor: constant-arrival-rate
    rate: 30/m
    duration: 2m
    pre_allocated_vus: 4
    max_vus: 8
    steps: [ { parallel: [ { GET: /a }, { GET: /b } ] } ]
expect:
  http_req_duration: { threshold: "p(99) < 250ms over 20s", delay: 30s }
)";

PlanResult<Plan> read(std::vector<Override> overrides, double time_scale = 1) {
  return read_plan(
      small_plan, "x.yaml",
      {.overrides = std::move(overrides), .environment = {}, .time_scale = time_scale});
}

std::string error_of(std::string path, std::string value) {
  const auto plan = read({{std::move(path), std::move(value)}});
  return plan ? "no error" : plan.error().text();
}

}  // namespace

TEST_CASE("an override changes what the plan says before it is read") {
  const auto plan = read({{"store", "postgres"},
                          {"device.start_vus", "9"},
                          {"device.stages.1.target", "7"},
                          {"scenarios.reader.rate", "5/s"},
                          {"device.graceful_stop", "1s"},
                          {"device.steps.1.think", "2s"},
                          {"seed", "3"},
                          {"collector.with.rate", "9/s"},
                          {"tags", "{ a: b }"}});
  if (!plan) FAIL(plan.error().text());
  CHECK(plan->vars[1].second == Json("postgrespostgres"));
  CHECK(std::get<EngineService>(plan->services[0].kind).name == "postgres");
  CHECK(plan->scenarios[0].load.start_vus == 9);
  CHECK(plan->scenarios[0].load.stages[1].target == 7);
  CHECK(plan->scenarios[0].load.graceful_stop == 1s);
  CHECK(plan->scenarios[1].load.rate == 5);
  CHECK(std::get<ThinkStep>(plan->scenarios[0].steps[1].kind).pause.high == 2s);
  CHECK(plan->seed == 3);
  CHECK(plan->tags == Tags{{"a", "b"}});
}

TEST_CASE("an override that leads nowhere says what it may have meant") {
  CHECK(error_of("stor", "x") ==
        "x.yaml: --set stor=x: the plan has no \"stor\"; did you mean \"store\"?\n");
  CHECK(error_of("devise.vus", "5").contains("did you mean \"device\"?"));
  CHECK(
      error_of("device.stages.2.target", "5").contains("\"2\" is no element: the list has 0 to 1"));
  CHECK(error_of("device.stagess.0.target", "5").contains("did you mean \"stages\"?"));
  CHECK(error_of("device.start_vu", "5") ==
        "x.yaml: scenarios.device.start_vu: unknown key \"start_vu\"; did you mean \"start_vus\"? "
        "(from --set)\n");
  CHECK(error_of("device.start_vus", "many") ==
        "x.yaml: scenarios.device.start_vus: \"many\" is not a whole number (from --set)\n");
  CHECK(error_of("store", "oracle").contains("unknown engine \"oracle\""));
  CHECK(error_of("device.target.x", "1").contains("there is nothing under it"));
  CHECK(error_of("device..x", "1").contains("empty part"));
  CHECK(error_of("seed", "[1").contains("the value is no YAML"));
  CHECK(parse_override("a.b=c=d")->value == "c=d");
  CHECK_FALSE(parse_override("novalue"));
  CHECK_FALSE(parse_override("=5"));
}

TEST_CASE("time scale divides what the timetable says and multiplies rates, nothing else") {
  const auto plan = read({}, 10);
  if (!plan) FAIL(plan.error().text());
  const ScenarioOptions& device = plan->scenarios[0].load;
  CHECK(plan->warmup == 1s);
  CHECK(device.stages[0].duration == 6s);
  CHECK(device.stages[0].target == 100);
  CHECK(device.start_time == 2s);
  CHECK(device.graceful_stop == 30s);
  const auto& steps = plan->scenarios[0].steps;
  CHECK(std::get<RequestStep>(steps[0].kind).timeout == 3s);
  CHECK(std::get<ThinkStep>(steps[1].kind).pause == DurationRange{2500ms, 3500ms});
  CHECK(std::get<ThinkStep>(std::get<LoopStep>(steps[2].kind).steps[0].kind).pause.low == 100ms);
  CHECK(plan->scenarios[1].load.rate == 300);
  CHECK(plan->scenarios[1].load.duration == 12s);
  CHECK(std::get<BuiltinService>(plan->services[1].kind).with[1].value.text() == "80/s");
  CHECK(plan->expectations[0].threshold.delay_abort == 3s);
  CHECK(plan->expectations[0].threshold.condition.window == 20s);
  CHECK(plan->expectations[0].threshold.condition.limit == 250);
  CHECK(plan->time_scale == 10);
  CHECK(read({}, 0).error().text() == "x.yaml: --time-scale 0: it has to be above 0\n");
}

TEST_CASE("a factor that makes a load too long or too dense is refused") {
  CHECK(
      read({}, 1e-300).error().text().contains("--time-scale 1e-300: startTime: must be at most"));
  CHECK(read({}, 1e10).error().text().contains("rate: must be at most"));
  const auto plan = read({{"device.steps.1.think", "9000000000s"},
                          {"device.steps.2.loop.steps.0.think", "9000000000s"}});
  if (!plan) FAIL(plan.error().text());
  CHECK(describe_plan(*plan).contains("of thinking"));
}

TEST_CASE("a file with very many errors shows the first fifty and says that there are more") {
  std::string text = "scenarios: {}\n";
  for (int i = 0; i < 80; ++i) text += "key" + std::to_string(i) + ": 1\n";
  const auto plan = read_plan(text, "x.yaml", {});
  REQUIRE_FALSE(plan);
  CHECK(plan.error().all().size() == 51);
  CHECK(plan.error().text().ends_with("x.yaml: there are more errors; mend these first\n"));
}

TEST_CASE("a plan is told in words") {
  const auto plan = read({});
  if (!plan) FAIL(plan.error().text());
  CHECK(describe_plan(*plan) == R"(x
  var store = sqlite
  var twice = sqlitesqlite

services, in the order they are started
  database         engine: sqlite, an embedded store without a process
  collector        built in: iot

scenarios
  device           Up to 100 looping VUs for 3m00s over 2 stages
                   (graceful_ramp_down: 30.0s, start_time: 20.0s, graceful_stop: 30.0s)
                   iteration: 1 request, 26.0s to 36.0s of thinking
  reader           30.00 iterations/1m00s for 2m00s (max_vus: 4-8, graceful_stop: 30.0s)
                   iteration: 2 requests

at most 108 VUs, 116 connections; over after 3m50s at the latest
the first 10.0s are warm-up

expected
  http_req_duration: p(99) < 250ms over 20s
)");
}

TEST_CASE("a bare URL becomes a plan with one request and one check") {
  const auto plan =
      plan_of_url({.url = "http://127.0.0.1:8080/a?b=${c}",
                   .load = {.vus = "100", .duration = "30s", .headers = {"A: b", "C:d"}},
                   .method = {},
                   .data = {}});
  REQUIRE(plan);
  const Scenario& scenario = plan->scenarios.at(0);
  CHECK(describe_load(scenario.load) == "100 looping VUs for 30.0s (graceful_stop: 30.0s)");
  const auto& request = std::get<RequestStep>(scenario.steps.at(0).kind);
  CHECK(request.method == "GET");
  CHECK(request.target.text() == "http://127.0.0.1:8080/a?b=${c}");
  CHECK(request.name == "http://127.0.0.1:8080/a");
  CHECK(request.checks.size() == 1);
  CHECK(scenario.defaults.headers[1].value.text() == "d");
}

TEST_CASE("user and password of a URL are in no name") {
  struct Row {
    std::string_view url, name;
  };
  constexpr std::array rows = {
      Row{"http://me:secret@x:8080/a?b", "http://x:8080/a"},
      Row{"https://me:${env.PASSWORD}@x", "https://x"},
      Row{"http://x/~me@home", "http://x/~me@home"},
      Row{"/~me@home", "/~me@home"},
      Row{"${base}/a", "${base}/a"},
  };
  for (const Row& row : rows) CHECK(default_request_name(row.url) == row.name);
  const auto plan =
      plan_of_url({.url = "http://me:secret@x/?q=1", .load = {}, .method = {}, .data = {}});
  REQUIRE(plan);
  CHECK(plan->name == "http://x/?q=1");
}

TEST_CASE("the options of a bare URL choose the executor") {
  const auto load = [](CommandLineLoad options) {
    const auto result = load_of(options);
    return result ? describe_load(*result) : result.error().text;
  };
  CHECK(load({}) == "10 looping VUs for 10.0s (graceful_stop: 30.0s)");
  CHECK(load({.iterations = "5"}) ==
        "5 iterations shared among 5 VUs (max_duration: 10m00s, graceful_stop: 30.0s)");
  CHECK(load({.duration = "1m", .rate = "5000/s"}) ==
        "5000.00 iterations/s for 1m00s (max_vus: 100-10000, graceful_stop: 30.0s)");
  CHECK(load({.vus = "7", .rate = "50"}) ==
        "50.00 iterations/s for 10.0s (max_vus: 7, graceful_stop: 30.0s)");
  CHECK(load({.rate = "0/s"}) == "--rate 0/s: a rate has to be above 0");
  CHECK(load({.vus = "0"}) == "--vus 0: it has to be at least 1");
  CHECK(load({.vus = "ten"}).starts_with("--vus ten: "));
  CHECK(load({.duration = "30"}).starts_with("--duration 30: "));
  CHECK(load({.rate = "5/s", .iterations = "5"}).starts_with("--rate and --iterations"));
  CHECK(load({.duration = "1ms"}).starts_with("--duration: "));
}

TEST_CASE("what cannot be a bare URL is refused by the name of the option") {
  const auto error = [](BareUrl bare) {
    const auto plan = plan_of_url(bare);
    return plan ? "no error" : plan.error().text;
  };
  CHECK(error({.url = "localhost:8080", .load = {}, .method = {}, .data = {}})
            .contains("http://localhost:8080"));
  CHECK(error({.url = "http://x/", .load = {.headers = {"nocolon"}}, .method = {}, .data = {}}) ==
        "-H \"nocolon\": a header is written \"Name: value\"");
  CHECK(error({.url = "http://x/", .load = {}, .method = "get", .data = {}}).starts_with("-X get"));
  CHECK(error({.url = "http://x/", .load = {}, .method = {}, .data = "@/no/such/file"})
            .starts_with("--data: "));
  CHECK(error({.url = "http://x/", .load = {.timeout = "0s"}, .method = {}, .data = {}})
            .starts_with("--timeout"));
}

TEST_CASE("data make a POST") {
  const auto plan = plan_of_url({.url = "http://x/", .load = {}, .method = {}, .data = "${raw}"});
  const auto& request = std::get<RequestStep>(plan->scenarios[0].steps[0].kind);
  CHECK(request.method == "POST");
  CHECK(std::get<TextBody>(request.body).text.text() == "${raw}");
}

TEST_CASE("vegeta targets are read in both forms") {
  const auto http = read_targets(
      "# a comment\nGET http://x/a\nAccept: text/plain\n\nPOST http://x/b\nX: "
      "y:z\n@users.csv\nDELETE http://x/c\n",
      std::string(BRUNT_SOURCE_DIR) + "/tests/vectors/plan/good/targets.txt");
  if (!http) FAIL(http.error().text);
  REQUIRE(http->size() == 3);
  CHECK((*http)[0].headers[0].second == "text/plain");
  CHECK((*http)[1].headers[0].second == "y:z");
  CHECK((*http)[1].body.starts_with("name,age"));
  CHECK((*http)[2].method == "DELETE");
  const auto json =
      read_targets(R"({"method":"POST","url":"http://x/","body":"aGk=","header":{"A":["b","c"]}})"
                   "\n\n"
                   R"({"method":"GET","url":"http://x/"})",
                   "t.json");
  REQUIRE(json);
  CHECK((*json)[0].body == "hi");
  CHECK((*json)[0].headers.size() == 2);
  const auto plan =
      plan_of_targets("GET http://x/a?b\nGET http://x/c\n", "t.txt", {.rate = "10/s"});
  REQUIRE(plan);
  CHECK(plan->scenarios[0].cycle);
  CHECK(std::get<RequestStep>(plan->scenarios[0].steps[0].kind).name == "http://x/a");
}

TEST_CASE("targets are told from plans, also where they are wrong") {
  CHECK(looks_like_targets("# first\n\nGET http://x/\n"));
  CHECK(looks_like_targets("GET /no/host\n"));
  CHECK(looks_like_targets("{\"method\": \"GET\"}\n"));
  CHECK(looks_like_targets("{\"method\": \"GET\"\n"));
  CHECK_FALSE(looks_like_targets("name: x\n"));
  CHECK_FALSE(looks_like_targets("{ scenarios: {} }\n"));
  CHECK_FALSE(looks_like_targets(""));
}

TEST_CASE("bad targets are refused with their line") {
  struct Row {
    std::string_view text, error;
  };
  constexpr std::array rows = {
      Row{"", "t: there are no targets"},
      Row{"# only\n", "t: there are no targets"},
      Row{"http://x/\n", "t:1: expected \"METHOD URL\", not \"http://x/\""},
      Row{"\nGET localhost/x\n", "t:2: \"localhost/x\" has no scheme: write http://localhost/x"},
      Row{"GET http://x/\nnope\n", "t:2: expected a header \"Name: value\" or @file, not \"nope\""},
      Row{"GET http://x/\n\nA: b\n", "t:3: expected \"METHOD URL\", not \"A: b\""},
      Row{"GET http://x/\n@nofile\n", "t:2: cannot read nofile: No such file or directory"},
      Row{"{\"url\": 5}\n", "t:1: a target needs \"method\" and \"url\""},
      Row{"{\"method\":\"GET\",\"url\":\"http://x/\",\"body\":\"*\"}",
          "t:1: the body is not base64"},
      Row{"{\"method\":\"GET\",\"url\":\"http://x/\",\"header\":[]}",
          "t:1: \"header\" has to be an object of lists"},
  };
  for (const Row& row : rows) {
    const auto targets = read_targets(row.text, "t");
    CAPTURE(row.text);
    CHECK((targets ? "no error" : targets.error().text) == row.error);
  }
}

TEST_CASE("targets are told from plans by how they begin") {
  CHECK(looks_like_targets("# x\n\nGET http://x/\n"));
  CHECK(looks_like_targets("{\"method\":\"GET\",\"url\":\"http://x/\"}\n"));
  CHECK_FALSE(looks_like_targets("name: x\nscenarios:\n"));
  CHECK_FALSE(looks_like_targets("{ name: x }"));
  CHECK_FALSE(looks_like_targets(""));
}

}  // namespace brunt
