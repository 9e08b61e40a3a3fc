#include "plan/start_after.h"

#include <doctest/doctest.h>

#include "plan/describe_plan.h"
#include "plan/time_scale.h"
#include "plan/yaml_reader.h"

using namespace brunt;
using namespace std::chrono_literals;

namespace {

std::string scenario(const std::string& name, const std::string& start) {
  return "  " + name +
         ":\n    target: http://localhost\n    executor: constant-vus\n    duration: 10s\n" +
         "    graceful_stop: 5s\n" + (start.empty() ? "" : "    " + start + "\n") +
         "    steps: [ { GET: / } ]\n";
}

PlanResult<Plan> plan_of(const std::string& scenarios) {
  return read_plan("scenarios:\n" + scenarios, "x.yaml", {});
}

std::string error_of(const std::string& scenarios) {
  const auto plan = plan_of(scenarios);
  return plan ? "" : plan.error().text();
}

}  // namespace

TEST_CASE("a scenario starts after another, at the latest when that must have ended") {
  auto plan =
      plan_of(scenario("third", "start_after: second+1m") +
              scenario("second", "start_after: first") + scenario("first", "start_time: 3s"));
  REQUIRE_MESSAGE(plan.has_value(), plan.error().text());
  CHECK(plan->scenarios[1].load.start_time == 3s + 10s + 5s);
  CHECK(plan->scenarios[0].load.start_after == "second");
  CHECK(plan->scenarios[0].load.start_time == 18s + 10s + 5s + 60s);
  CHECK(describe_load(plan->scenarios[0].load).contains("start_after: second + 1m"));
  CHECK(describe_load(plan->scenarios[1].load).contains("start_after: first"));
}

TEST_CASE("a time-scale shortens the pause after a scenario but not its graceful stop") {
  auto plan = plan_of(scenario("first", "") + scenario("second", "start_after: first + 60s"));
  REQUIRE_MESSAGE(plan.has_value(), plan.error().text());
  REQUIRE(apply_time_scale(*plan, 10));
  CHECK(plan->scenarios[1].load.start_delay == 6s);
  CHECK(plan->scenarios[1].load.start_time == 1s + 5s + 6s);
}

TEST_CASE("a start that cannot come is refused with the reason") {
  CHECK(error_of(scenario("first", "") + scenario("second", "start_after: fisrt + 60s"))
            .contains("scenarios.second.start_after: there is no scenario \"fisrt\""));
  CHECK(error_of(scenario("a", "start_after: b") + scenario("b", "start_after: a"))
            .contains("none of them could ever start"));
  CHECK(error_of(scenario("a", "start_after: a")).contains("none of them could ever start"));
  CHECK(error_of(scenario("a", "") + scenario("b", "start_after: a + soon")).contains("soon"));
  CHECK(error_of(scenario("a", "") + scenario("b", "start_after: a 60s")).contains("climb + 60s"));
  CHECK(error_of(scenario("a", "") + scenario("b", "start_after: a\n    start_time: 1s"))
            .contains("not both"));
}

TEST_CASE("nothing starts after a scenario that shares the load of the plan") {
  const auto plan = read_plan(
      "load: { executor: constant-vus, duration: 10s }\nscenarios:\n"
      "  part: { target: \"http://localhost\", weight: 1, steps: [ { GET: / } ] }\n" +
          scenario("after", "start_after: part"),
      "x.yaml", {});
  REQUIRE(!plan.has_value());
  CHECK(plan.error().text().contains("shares the plan's `load:`"));
}
