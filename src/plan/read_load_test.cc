// What a plan may say about how much each virtual user does.
#include <doctest/doctest.h>

#include <string>

#include "plan/describe_plan.h"
#include "plan/yaml_reader.h"

using namespace brunt;

namespace {

PlanResult<Plan> plan_with(const std::string& load) {
  return read_plan("vars: { factor: 10 }\nscenarios:\n  s:\n    target: http://localhost\n    " +
                       load + "\n    steps: [ { GET: / } ]\n",
                   "x.yaml", {});
}

std::string error_of(const std::string& load) {
  const auto plan = plan_with(load);
  return plan ? "" : plan.error().text();
}

}  // namespace

TEST_CASE("iterations may be an expression of the VU") {
  const auto plan =
      plan_with("executor: per-vu-iterations\n    vus: 4\n    iterations: \"${factor * vu}\"");
  REQUIRE_MESSAGE(plan.has_value(), plan.error().text());
  const ScenarioOptions& load = plan->scenarios[0].load;
  CHECK(load.iterations_by_vu == std::vector<std::uint64_t>{10, 20, 30, 40});
  CHECK(load.iterations_of(4) == 40);
  CHECK(describe_load(load).starts_with("10 to 40 iterations for each of 4 VUs, 100 in all"));
}

TEST_CASE("a number of iterations stays one for all") {
  for (const char* text : {"7", "\"${factor - 3}\""}) {
    const auto plan =
        plan_with(std::string("executor: per-vu-iterations\n    vus: 4\n    iterations: ") + text);
    REQUIRE_MESSAGE(plan.has_value(), plan.error().text());
    CHECK(plan->scenarios[0].load.iterations == 7);
    CHECK(plan->scenarios[0].load.iterations_by_vu.empty());
  }
}

TEST_CASE("an expression of iterations that gives no number of them is refused with the VU") {
  const auto refused = [](const std::string& text) {
    return error_of("executor: per-vu-iterations\n    vus: 4\n    iterations: \"" + text + "\"");
  };
  CHECK(refused("${vu / 2}").contains("for VU 1 it is 0.5, which is no whole number"));
  CHECK(refused("${vu == 2 ? 0 : 1}").contains("is 0 for VU 2; it must be at least 1 for each"));
  CHECK(refused("${6 / (3 - vu)}").contains("for VU 3: division by zero"));
  CHECK(refused("${v}").contains("iterations"));
  CHECK(error_of("executor: shared-iterations\n    vus: 1\n    iterations: \"${vu}\"")
            .contains("iterations"));
}
