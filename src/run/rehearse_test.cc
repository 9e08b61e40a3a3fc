// A whole plan in virtual time: its counts are exact, and the seed is all there is to chance.
#include "run/rehearse.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "plan/yaml_reader.h"
#include "script/script_reader.h"

using namespace brunt;
using namespace std::chrono_literals;

namespace {

Plan first_plan(double time_scale = 1) {
  auto plan = read_plan_file(BRUNT_SOURCE_DIR "/plans/first.yaml", {.time_scale = time_scale});
  REQUIRE_MESSAGE(plan.has_value(), plan.error().text());
  return std::move(*plan);
}

Plan plan_of(const std::string& scenarios) {
  auto plan = read_plan("name: t\nscenarios:\n" + scenarios, "t.yaml", {});
  REQUIRE_MESSAGE(plan.has_value(), plan.error().text());
  return std::move(*plan);
}

Rehearsal rehearsed(const Plan& plan, const RehearseOptions& options = {}) {
  auto rehearsal = rehearse(plan, options, [](Duration) { return true; });
  REQUIRE_MESSAGE(rehearsal.has_value(), rehearsal.error().text);
  return std::move(*rehearsal);
}

double total(const Rehearsal& rehearsal, const char* metric, TagSet tags = {}) {
  const auto sink = rehearsal.record.merged({metric, std::move(tags)}, rehearsal.record.all());
  return sink ? sink->sum() : 0;
}

}  // namespace

TEST_CASE("a script is rehearsed with its setup, its sleeps and whatever it asks for") {
  const std::string script = R"(
    import http from "k6/http";
    import { check, sleep } from "k6";
    export const options = { vus: 3, duration: "1h" };
    export function setup() { return http.get("http://shop.test/login").json(); }
    export default function (data) {
      check(http.get("https://shop.test:443/cart"), { ok: (r) => r.status === 200 && data !== null });
      sleep(10);
    }
    export function teardown() { console.log("over"); })";
  const auto plan = read_script(script, "test.js", {});
  REQUIRE_MESSAGE(plan.has_value(), plan.error().text);
  const Rehearsal rehearsal = rehearsed(*plan);
  const double iterations = total(rehearsal, "iterations");
  CHECK(iterations > 3 * 355);
  CHECK(iterations <= 3 * 360);
  CHECK(total(rehearsal, "http_reqs") == iterations + 1);
  CHECK(rehearsal.record.checks.at(0).fails == 0);
  CHECK(rehearsal.warnings == std::vector<std::string>{"console.log: over"});
}

TEST_CASE("a rehearsal that is ended early shows what it has seen, with teardown") {
  const std::string script = R"(
    import http from "k6/http";
    export const options = { vus: 2, duration: "10h" };
    export default function () { http.get("http://shop.test/"); }
    export function teardown() { console.log("over"); })";
  const auto plan = read_script(script, "test.js", {});
  REQUIRE_MESSAGE(plan.has_value(), plan.error().text);
  int asked = 0;
  const auto rehearsal = rehearse(*plan, {}, [&](Duration elapsed) {
    ++asked;
    return elapsed < 3s;
  });
  REQUIRE_MESSAGE(rehearsal.has_value(), rehearsal.error().text);
  CHECK(asked == 3);
  CHECK(rehearsal->ended_early == Duration(3s));
  CHECK(rehearsal->record.seconds() <= 4);
  CHECK(total(*rehearsal, "http_reqs") > 500);
  CHECK(rehearsal->warnings == std::vector<std::string>{"console.log: over"});
  CHECK(rehearsal->record.notes ==
        std::vector<std::string>{"the rehearsal ended early, after 3.00s of the plan"});
  const std::string shown = render_rehearsal(*plan, *rehearsal, {});
  CHECK_MESSAGE(shown.contains("ended early: 3.00s of 10h00m00s were played"), shown);
}

TEST_CASE("the first plan rehearsed has the counts of its shape") {
  const Rehearsal rehearsal = rehearsed(first_plan());
  CHECK(rehearsal.warnings == std::vector<std::string>{});
  // 20 s and the iterations that end within the graceful stop.
  CHECK(rehearsal.record.seconds() >= 20);
  CHECK(rehearsal.record.seconds() <= 22);
  CHECK(total(rehearsal, "http_reqs", {{"name", "/login"}}) == 200);
  const double measurements = total(rehearsal, "http_reqs", {{"name", "/measurement"}});
  CHECK(total(rehearsal, "http_reqs", {{"name", "/command"}}) == measurements);
  CHECK(total(rehearsal, "iterations", {{"scenario", "device"}}) == measurements);
  // Poisson arrivals: 20/s over 18 s is 360, with a standard deviation of 19.
  const double reads = total(rehearsal, "http_reqs", {{"name", "/statistics"}});
  CHECK(reads > 360 - 4 * 19);
  CHECK(reads < 360 + 4 * 19);
  CHECK(total(rehearsal, "iterations", {{"scenario", "reader"}}) == reads);
  CHECK(total(rehearsal, "dropped_iterations") == 0);
  CHECK(total(rehearsal, "iterations_interrupted") == 0);
  // An iteration takes 350 ms on average and a little for the model: 110 to 200 VUs make some 550
  // iterations a second.
  CHECK(measurements > 8'000);
  CHECK(measurements < 11'000);
  REQUIRE(rehearsal.record.scenarios.size() == 2);
  CHECK(static_cast<double>(rehearsal.record.scenarios[0].iterations_completed) == measurements);
  const auto vus =
      rehearsal.record.merged({"vus", {{"scenario", "device"}}}, rehearsal.record.all());
  REQUIRE(vus);
  CHECK(vus->moments().max() == 200);
}

TEST_CASE("a seed reproduces a rehearsal to the last figure, another one does not") {
  const Plan plan = first_plan(4);
  const auto figures = [&](std::uint64_t seed) {
    Rehearsal rehearsal = rehearsed(plan, {.seed = seed});
    std::string text;
    for (const RecordRow& row : rehearsal.record.rows) {
      const SeriesInfo& series = rehearsal.record.series[row.series];
      // CPU and lag are of the machine that rehearses.
      if (series.metric.name.starts_with("generator_cpu") ||
          series.metric.name.starts_with("generator_loop"))
        continue;
      const std::string name = series.metric.name + format_tags(series.tags);
      const auto sink =
          rehearsal.record.merged({series.metric.name, series.tags}, {row.second, row.second + 1});
      text += name + ' ' + std::to_string(row.second) + ' ' +
              (sink ? std::to_string(sink->sum()) : "") + '\n';
    }
    return text;
  };
  const std::string first = figures(1);
  CHECK(first.size() > 1'000);
  CHECK(first == figures(1));
  CHECK(first != figures(2));
}

TEST_CASE("arrivals, budgets and loops come out exactly") {
  struct Row {
    std::string scenario;
    double iterations, requests, dropped;
  };
  const std::string target = "    target: http://localhost:9\n";
  const Row rows[] = {
      {"executor: constant-arrival-rate\n    rate: 50/s\n    duration: 10s\n    pre_allocated_vus: "
       "20\n"
       "    steps: [ { GET: / } ]\n",
       500, 500, 0},
      {"executor: ramping-arrival-rate\n    start_rate: 0/s\n    stages: [ { duration: 10s, "
       "target: 100/s } ]\n"
       "    pre_allocated_vus: 20\n    steps: [ { GET: / } ]\n",
       500, 500, 0},
      {"executor: shared-iterations\n    vus: 7\n    iterations: 100\n    steps: [ { GET: / } ]\n",
       100, 100, 0},
      {"executor: per-vu-iterations\n    vus: 7\n    iterations: 10\n"
       "    steps: [ { loop: { count: 3, steps: [ { GET: / } ] } } ]\n",
       70, 210, 0},
      {"executor: constant-arrival-rate\n    rate: 10/s\n    duration: 10s\n    pre_allocated_vus: "
       "1\n"
       "    when_busy: drop\n    steps: [ { think: 990ms } ]\n",
       10, 0, 90},
  };
  for (const Row& row : rows) {
    CAPTURE(row.scenario);
    const Rehearsal rehearsal = rehearsed(plan_of("  s:\n" + target + "    " + row.scenario));
    CHECK(total(rehearsal, "iterations") == row.iterations);
    CHECK(total(rehearsal, "http_reqs") == row.requests);
    CHECK(total(rehearsal, "dropped_iterations") == row.dropped);
  }
}

TEST_CASE("scenarios that share a load get their shares of it") {
  const Rehearsal rehearsal = rehearsed([] {
    auto plan = read_plan(R"(
name: t
load: { executor: shared-iterations, vus: 3, iterations: 400 }
scenarios:
  often: { weight: 3, target: "http://localhost:9", steps: [ { GET: /often } ] }
  seldom: { weight: 1, target: "http://localhost:9", steps: [ { GET: /seldom } ] }
)",
                          "t.yaml", {});
    REQUIRE_MESSAGE(plan.has_value(), plan.error().text());
    return std::move(*plan);
  }());
  const double often = total(rehearsal, "http_reqs", {{"name", "/often"}});
  CHECK(often + total(rehearsal, "http_reqs", {{"name", "/seldom"}}) == 400);
  CHECK(often > 250);
  CHECK(often < 350);
}

TEST_CASE("a rehearsal says what the real run would warn of, and what it cannot do") {
  const Rehearsal rehearsal = rehearsed(
      plan_of("  s:\n    target: http://localhost:9\n    executor: per-vu-iterations\n    vus: 2\n"
              "    iterations: 3\n    steps: [ { loop: { over: \"${vu}\", as: x, steps: [ { GET: / "
              "} ] } } ]\n"));
  REQUIRE(rehearsal.warnings.size() == 1);
  CHECK(rehearsal.warnings[0] == "scenario s: a loop goes over a list, not over number");
  CHECK(total(rehearsal, "step_errors") == 6);
}

TEST_CASE("whoever watches can end a rehearsal early") {
  const Plan plan = plan_of(
      "  s:\n    target: http://localhost:9\n    executor: constant-vus\n    vus: 1\n"
      "    duration: 24h\n    steps: [ { think: 1s } ]\n");
  auto rehearsal = rehearse(plan, {}, [](Duration elapsed) { return elapsed < 10s; });
  REQUIRE(rehearsal.has_value());
  CHECK(rehearsal->record.seconds() <= 12);
}

TEST_CASE("the shape is a table of no more rows than asked for") {
  const Plan plan = plan_of(
      "  s:\n    target: http://localhost:9\n    executor: constant-arrival-rate\n"
      "    rate: 10/s\n    duration: 100s\n    pre_allocated_vus: 5\n    steps: [ { GET: / } ]\n");
  const Rehearsal rehearsal = rehearsed(plan);
  const std::string table = render_rehearsal(plan, rehearsal, Style{.width = 80}, 10);
  CAPTURE(table);
  CHECK(table.find("t rehearsed on a simulated network") == 0);
  CHECK(table.find("in all: 1,000 iterations, 1,000 requests\n") != std::string::npos);
  CHECK(std::ranges::count(table, '\n') <= 10 + 6);
  CHECK(table.find("10  ") != std::string::npos);
}

TEST_CASE("messages are rehearsed against a model that acknowledges them") {
  const Plan plan = plan_of(R"(  s:
    target: localhost:14000
    executor: per-vu-iterations
    vus: 3
    iterations: 4
    steps:
      - { frame: "hello ${vu}", layout: original }
      - { frame: { size: 10 }, target: "tcp://localhost:14001", name: other }
)");
  const Rehearsal rehearsal = rehearsed(plan);
  CHECK(rehearsal.warnings == std::vector<std::string>{});
  CHECK(total(rehearsal, "frame_reqs", {{"name", "message"}}) == 12);
  CHECK(total(rehearsal, "frame_reqs", {{"name", "other"}}) == 12);
  CHECK(total(rehearsal, "frame_req_failed") == 0);
}

TEST_CASE("a link delays what goes through it, and connecting takes its round trip") {
  const std::string text = R"(name: far
services:
  near: { address: "http://shop.test" }
  shop: { address: "http://shop.test:8080" }
links:
  - { from: buyer, to: shop, rtt: 100ms }
scenarios:
  buyer:
    target: shop
    executor: per-vu-iterations
    vus: 3
    iterations: 10
    steps: [ { GET: /, name: far }, { GET: "${near.url}/", name: near } ]
)";
  auto plan = read_plan(text, "far.yaml", {});
  REQUIRE_MESSAGE(plan.has_value(), plan.error().text());
  const Rehearsal rehearsal = rehearsed(*plan, {.service_time = 1us, .round_trip = 0us});
  CHECK(rehearsal.warnings == std::vector<std::string>{});
  const auto worst = [&](const char* metric, const char* name) {
    const auto sink = rehearsal.record.merged({metric, {{"name", name}}}, rehearsal.record.all());
    return sink ? sink->moments().max() : -1;
  };
  CHECK(total(rehearsal, "http_reqs") == 60);
  CHECK(worst("http_req_duration", "far") >= 100);
  CHECK(worst("http_req_duration", "far") < 102);
  CHECK(worst("http_req_connecting", "far") == doctest::Approx(100).epsilon(0.01));
  CHECK(worst("http_req_duration", "near") < 2);
  CHECK(worst("http_req_connecting", "near") < 2);
}

TEST_CASE("outages, freezes and cut links show in virtual time at their instants") {
  const Rehearsal rehearsal = rehearsed(plan_of(R"(
  get: { target: web, executor: constant-arrival-rate, rate: 10/s, duration: 60s, pre_allocated_vus: 50, max_vus: 200, steps: [ { GET: / } ] }
services:
  web: { engine: nginx }
faults:
  out: { kill: web, at: 10s, for: 5s }
  cold: { freeze: web, at: 20s, for: 5s }
  road: { cut: get->web, at: 30s, for: 2s }
  far: { slow: get->web, rtt: 400ms, at: 40s, for: 5s }
)"));
  const auto failed = [&](std::uint32_t from, std::uint32_t to) {
    const auto sink = rehearsal.record.merged({"http_req_failed", {}}, {from, to});
    return sink ? sink->sum() : 0;
  };
  const auto slowest_ms = [&](std::uint32_t from, std::uint32_t to) {
    return rehearsal.record.merged({"http_req_duration", {}}, {from, to})->moments().max();
  };
  CHECK(failed(0, 10) == 0);
  CHECK(failed(10, 15) == doctest::Approx(50).epsilon(0.05));
  CHECK(failed(16, 30) == 0);
  // What had waited is answered when the service goes on.
  CHECK(slowest_ms(25, 26) > 4500);
  CHECK(failed(30, 32) == doctest::Approx(20).epsilon(0.1));
  CHECK(slowest_ms(41, 45) > 400);
  CHECK(slowest_ms(50, 60) < 100);
  REQUIRE(rehearsal.record.events.size() == 4);
  CHECK(rehearsal.record.events[0].from == 10s);
  CHECK(rehearsal.record.events[0].to == 15s);
  CHECK(rehearsal.record.events[1].text == "cold: web frozen");
  CHECK(rehearsal.timetable.size() == 4);
}

TEST_CASE(
    "starts that are late through an outage are told apart from those the generator delayed") {
  const Plan plan = plan_of(R"(
  get: { target: web, executor: constant-arrival-rate, rate: 200/s, duration: 30s, pre_allocated_vus: 50, max_vus: 100, steps: [ { GET: / } ] }
services:
  web: { engine: nginx }
faults:
  cold: { freeze: web, at: 10s, for: 5s }
)");
  const auto count = [](const Rehearsal& rehearsal, const char* metric) {
    const auto sink = rehearsal.record.merged({metric, {}}, rehearsal.record.all());
    return sink ? sink->count() : 0;
  };
  const Instant start{};  // The load begins there, or very soon after.
  // The core is lost in the middle of the freeze: who is late waits for the service.
  const Rehearsal in_outage = rehearsed(plan, {.core_loss = {.at = start + 12s, .lasts = 200ms}});
  CHECK(count(in_outage, "generator_schedule_slip") == 6000);
  const auto slip = in_outage.record.merged({"generator_schedule_slip", {}}, {15, 16});
  REQUIRE(slip);
  CHECK(slip->moments().max() > 4000);
  CHECK(count(in_outage, "generator_delay") == 0);
  // At another time: who is late by that waits for the generator.
  const Rehearsal elsewhere = rehearsed(plan, {.core_loss = {.at = start + 25s, .lasts = 200ms}});
  CHECK(count(elsewhere, "generator_delay") == doctest::Approx(40).epsilon(0.1));
  const auto held_up = elsewhere.record.merged({"generator_held_up", {}}, {25, 26});
  REQUIRE(held_up);
  CHECK(held_up->moments().max() >= 200);
}
