#include "load/scenario_options.h"

#include <doctest/doctest.h>

#include <functional>
#include <limits>
#include <tuple>

namespace brunt {
using namespace std::chrono_literals;
namespace {

using Kind = ExecutorKind;

ScenarioOptions good(Kind kind) {
  ScenarioOptions options;
  options.executor = kind;
  options.duration = 30s;
  options.rate = 500;
  options.pre_allocated_vus = 50;
  if (kind == Kind::ramping_vus || kind == Kind::ramping_arrival_rate)
    options.stages = {{10s, 100}, {0s, 50}};
  return options;
}

constexpr Kind kinds[] = {Kind::constant_vus,          Kind::ramping_vus,
                          Kind::per_vu_iterations,     Kind::shared_iterations,
                          Kind::constant_arrival_rate, Kind::ramping_arrival_rate};

}  // namespace

TEST_CASE("executors have k6 names, and a slip of the keyboard is pointed out") {
  for (const Kind kind : kinds) CHECK(parse_executor(name_of(kind)).value() == kind);
  const auto slip = parse_executor("constant-vu");
  REQUIRE(!slip);
  CHECK(slip.error().text.find("did you mean \"constant-vus\"?") != std::string::npos);
}

TEST_CASE("the least that each executor needs is enough") {
  for (const Kind kind : kinds) {
    const auto result = validate(good(kind));
    CAPTURE(name_of(kind));
    if (!result) CAPTURE(result.error().text);
    CHECK(result);
  }
}

TEST_CASE("what cannot run is refused, and the text says which field and why") {
  using Change = std::function<void(ScenarioOptions&)>;
  const std::tuple<Kind, Change, const char*> rows[] = {
      {Kind::constant_vus, [](auto& o) { o.vus = 0; }, "vus: must be at least 1"},
      {Kind::constant_vus, [](auto& o) { o.vus = 100'000'001; }, "at most 100.00M"},
      {Kind::constant_vus, [](auto& o) { o.duration.reset(); }, "duration: constant-vus needs"},
      {Kind::constant_vus, [](auto& o) { o.duration = 999ms; }, "at least 1"},
      {Kind::constant_vus, [](auto& o) { o.name = "a b"; }, "name: 'a b'"},
      {Kind::constant_vus, [](auto& o) { o.name = ""; }, "name:"},
      {Kind::constant_vus, [](auto& o) { o.start_time = -1s; }, "startTime: must not be neg"},
      {Kind::constant_vus, [](auto& o) { o.graceful_stop = -1s; }, "gracefulStop:"},
      {Kind::constant_vus, [](auto& o) { o.duration = 24h * 366; }, "duration: must be at most"},
      {Kind::ramping_vus, [](auto& o) { o.stages.clear(); }, "needs at least one stage"},
      {Kind::ramping_vus,
       [](auto& o) {
         o.stages = {{0s, 5}};
       },
       "together last 0s"},
      {Kind::ramping_vus, [](auto& o) { o.stages[1].target = 1.5; }, "stages[1].target: must be a"},
      {Kind::ramping_vus, [](auto& o) { o.stages[0].target = -1; }, "stages[0].target: must be 0"},
      {Kind::ramping_vus, [](auto& o) { o.stages[0].duration = -1s; }, "stages[0].duration:"},
      {Kind::ramping_vus,
       [](auto& o) {
         o.start_vus = 0, o.stages = {{1s, 0}};
       },
       "startVUs or"},
      {Kind::per_vu_iterations, [](auto& o) { o.iterations = 0; }, "iterations: must be at least"},
      {Kind::per_vu_iterations, [](auto& o) { o.vus = 0; }, "vus: must be"},
      {Kind::per_vu_iterations, [](auto& o) { o.ramp_up = o.max_duration; },
       "rampUp: must be short"},
      {Kind::per_vu_iterations,
       [](auto& o) {
         o.vus = 2;
         o.iterations_by_vu = {1};
       },
       "iterations: there are 1 numbers for 2 VUs"},
      {Kind::per_vu_iterations,
       [](auto& o) {
         o.vus = 2;
         o.iterations_by_vu = {1, 0};
       },
       "iterations: is 0 for VU 2"},
      {Kind::per_vu_iterations, [](auto& o) { o.max_duration = 0s; }, "maxDuration: is 0s"},
      {Kind::shared_iterations, [](auto& o) { o.vus = 2; },
       "iterations: is 1; it must not be less"},
      {Kind::constant_arrival_rate, [](auto& o) { o.rate = 0; }, "rate: must be more than 0"},
      {Kind::constant_arrival_rate, [](auto& o) { o.rate.reset(); }, "rate: constant-arrival-rate"},
      {Kind::constant_arrival_rate, [](auto& o) { o.rate = 1e10; }, "rate: must be at most"},
      {Kind::constant_arrival_rate,
       [](auto& o) { o.rate = std::numeric_limits<double>::quiet_NaN(); }, "rate: must be more"},
      {Kind::constant_arrival_rate, [](auto& o) { o.time_unit = 0s; }, "timeUnit: must be more"},
      {Kind::constant_arrival_rate, [](auto& o) { o.max_vus = 49; }, "maxVUs: is 49"},
      {Kind::constant_arrival_rate, [](auto& o) { o.pre_allocated_vus.reset(); },
       "preAllocatedVUs: constant-arrival-rate needs"},
      {Kind::constant_arrival_rate, [](auto& o) { o.pre_allocated_vus = 0; },
       "preAllocatedVUs: must be at least 1"},
      {Kind::constant_arrival_rate, [](auto& o) { o.duration.reset(); }, "duration:"},
      {Kind::ramping_arrival_rate, [](auto& o) { o.stages.clear(); }, "needs at least one stage"},
      {Kind::ramping_arrival_rate,
       [](auto& o) {
         o.stages = {{1s, 0}};
       },
       "startRate or one of"},
      {Kind::ramping_arrival_rate, [](auto& o) { o.start_rate = -1; }, "startRate: must be 0"},
  };
  for (const auto& [kind, change, expected] : rows) {
    ScenarioOptions options = good(kind);
    change(options);
    const auto result = validate(options);
    CAPTURE(expected);
    REQUIRE(!result);
    CAPTURE(result.error().text);
    CHECK(result.error().code == ErrorCode::invalid);
    CHECK(result.error().text.find(expected) != std::string::npos);
  }
}

TEST_CASE("no VU at the start is fine where some may be added") {
  ScenarioOptions options = good(Kind::constant_arrival_rate);
  options.pre_allocated_vus = 0;
  options.max_vus = 10;
  CHECK(validate(options));
  CHECK(options.vus_max() == 10);
}

TEST_CASE("the planned duration and the most VUs follow from the fields of the executor") {
  CHECK(good(Kind::constant_vus).planned_duration() == 30s);
  CHECK(good(Kind::shared_iterations).planned_duration() == 10min);
  CHECK(good(Kind::ramping_vus).planned_duration() == 10s);
  CHECK(good(Kind::ramping_vus).vus_max() == 100);
  CHECK(good(Kind::ramping_arrival_rate).vus_max() == 50);
}

}  // namespace brunt
