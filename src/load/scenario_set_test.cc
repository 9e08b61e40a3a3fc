#include "load/scenario_set.h"

#include <doctest/doctest.h>

#include <map>
#include <set>

#include "load/load_fixture.h"
#include "load/weighted_body.h"

namespace brunt {
using namespace std::chrono_literals;
namespace {

ScenarioOptions named(std::string name, Duration start, std::uint64_t vus, Duration duration) {
  return {.name = std::move(name),
          .executor = ExecutorKind::constant_vus,
          .start_time = start,
          .vus = vus,
          .duration = duration};
}

}  // namespace

TEST_CASE("scenarios start at their own times and the set ends with the last") {
  Simulation simulation;
  simulation.set = std::make_unique<ScenarioSet>(
      ScenarioSetOptions{.loop = *simulation.loop, .observer = simulation.observer});
  FakeBody first(100ms), second(100ms);
  CHECK(simulation.set->add(named("late", 5s, 2, 10s), first).value() == 0);
  CHECK(simulation.set->add(named("early", 0s, 3, 2s), second).value() == 1);
  CHECK(!simulation.set->add(named("early", 0s, 3, 2s), second));
  simulation.run_set([&](Fiber& self) {
    CHECK(self.sleep(3s));
    const auto all = simulation.set->progress();
    CHECK(all[0].now.phase == ExecutorPhase::waiting);
    CHECK(all[0].fraction() == 0);
    CHECK(all[1].now.phase == ExecutorPhase::ended);
    CHECK(all[1].fraction() == 1);
  });
  CHECK(simulation.result);
  CHECK(simulation.lasted == 15s);
  CHECK(simulation.counts.completed == 200 + 60);
  CHECK(second.ids == std::vector<std::uint64_t>{1, 2, 3});
  CHECK(first.ids == std::vector<std::uint64_t>{4, 5});
}

TEST_CASE("a scenario that starts after another waits for its real end and then for the pause") {
  Simulation simulation;
  simulation.set = std::make_unique<ScenarioSet>(
      ScenarioSetOptions{.loop = *simulation.loop, .observer = simulation.observer});
  FakeBody first(250ms), second(1s);
  ScenarioOptions short_one{.name = "first",
                            .executor = ExecutorKind::per_vu_iterations,
                            .vus = 1,
                            .iterations = 4,
                            .max_duration = 1h};
  ScenarioOptions after = named("second", 1h + 60s, 1, 5s);
  after.start_after = "first";
  after.start_delay = 60s;
  CHECK(simulation.set->add(short_one, first));
  CHECK(simulation.set->add(after, second));
  simulation.run_set([&](Fiber& self) {
    CHECK(self.sleep(30s));
    CHECK(simulation.set->progress()[1].now.phase == ExecutorPhase::waiting);
    CHECK(self.sleep(32s));
    CHECK(simulation.set->progress()[1].start_time == 61s);
  });
  CHECK(simulation.result);
  CHECK(simulation.lasted == 1s + 60s + 5s);
}

TEST_CASE("a scenario has ended when its part on every thread has") {
  ScenarioEnds ends(1, 2);
  ends.ended(0, Instant(9s));
  CHECK(!ends.end_of(0));
  ends.ended(0, Instant(7s));
  CHECK(ends.end_of(0) == Instant(9s));
}

TEST_CASE("stopping reaches scenarios that have not begun") {
  Simulation simulation;
  simulation.set = std::make_unique<ScenarioSet>(
      ScenarioSetOptions{.loop = *simulation.loop, .observer = simulation.observer});
  FakeBody body(100ms);
  CHECK(simulation.set->add(named("never", 1h, 2, 10s), body));
  CHECK(simulation.set->add(named("now", 0s, 1, 1h), body));
  simulation.run_set([&](Fiber& self) {
    CHECK(self.sleep(1s));
    simulation.set->stop(StopKind::gracefully);
  });
  CHECK(simulation.lasted <= 1100ms);
  CHECK(body.ids == std::vector<std::uint64_t>{1});
}

TEST_CASE("a loop that is stopped takes the whole set down, and says so") {
  Simulation simulation;
  FakeBody body(100ms);
  const ScenarioOptions rows[] = {named("a", 0s, 20, 1h),
                                  {.executor = ExecutorKind::constant_arrival_rate,
                                   .duration = 1h,
                                   .rate = 100,
                                   .pre_allocated_vus = 3}};
  for (const auto& options : rows) {
    Simulation one;
    one.run(options, body, [&](Fiber& self) {
      CHECK(self.sleep(1050ms));
      self.loop().stop();
    });
    REQUIRE(!one.result);
    CHECK(one.result.error().code == ErrorCode::cancelled);
    CHECK(one.counts.running == 0);
    CHECK(one.counts.planned == one.counts.started + one.counts.dropped);
  }
}

TEST_CASE("two threads share a segment, its VU numbers and one budget") {
  IterationBudget budget(1001, Segment().in_proportion_to(5));
  std::set<std::uint64_t> vus;
  std::uint64_t completed = 0, dropped = 0;
  for (std::uint64_t thread = 0; thread < 2; ++thread) {
    Simulation simulation;
    const Segment part = Segment().part(thread, 2);
    simulation.set =
        std::make_unique<ScenarioSet>(ScenarioSetOptions{.loop = *simulation.loop,
                                                         .observer = simulation.observer,
                                                         .segment = part,
                                                         .instance = part,
                                                         .threads = 2});
    FakeBody body(1s);
    ScenarioOptions options{
        .executor = ExecutorKind::shared_iterations, .vus = 5, .iterations = 1001};
    options.max_duration = 100s;
    CHECK(simulation.set->add(options, body, &budget));
    simulation.run_set();
    completed += simulation.counts.completed;
    dropped += simulation.counts.dropped;
    vus.insert(body.ids.begin(), body.ids.end());
  }
  CHECK(completed == 300);  // Three VUs for 100 s; the second thread finds nothing left.
  CHECK(completed + dropped == 1001);
  CHECK(vus == std::set<std::uint64_t>{1, 2, 3, 4, 5});
}

TEST_CASE("when one scenario cannot be prepared the VUs of the others end too") {
  Simulation simulation;
  simulation.set = std::make_unique<ScenarioSet>(
      ScenarioSetOptions{.loop = *simulation.loop, .observer = simulation.observer});
  FakeBody good(1ms), bad(1ms);
  bad.starts_to_fail = 5;
  const ScenarioOptions open{.executor = ExecutorKind::constant_arrival_rate,
                             .duration = 10s,
                             .rate = 10,
                             .pre_allocated_vus = 5};
  auto a = open, b = open;
  a.name = "a";
  b.name = "b";
  CHECK(simulation.set->add(a, good));
  CHECK(simulation.set->add(b, bad));
  simulation.run_set();
  REQUIRE(!simulation.result);
  CHECK(simulation.result.error().text == "b: login refused");
  CHECK(good.ended == 5);
}

TEST_CASE("weights split the iterations of one executor exactly and evenly") {
  Simulation simulation;
  FakeBody a(10ms), b(10ms), c(10ms);
  std::map<const FakeBody*, std::uint64_t> runs;
  for (FakeBody* body : {&a, &b, &c})
    body->takes = [&runs, body](auto&, Instant) {
      ++runs[body];
      return 10ms;
    };
  auto body = WeightedBody::create({{&a, 5}, {&b, 3}, {&c, 2}}).value();
  simulation.run({.executor = ExecutorKind::shared_iterations, .vus = 7, .iterations = 1000}, body);
  CHECK(runs[&a] == 500);
  CHECK(runs[&b] == 300);
  CHECK(runs[&c] == 200);
  CHECK(a.started == 7);
  CHECK(c.ended == 7);
}

TEST_CASE("a part that cannot start takes the VU with it, and those before it end") {
  Simulation simulation;
  FakeBody a(10ms), b(10ms);
  b.starts_to_fail = 1;
  auto body = WeightedBody::create({{&a, 1}, {&b, 1}}).value();
  simulation.run({.executor = ExecutorKind::shared_iterations, .vus = 2, .iterations = 10}, body);
  CHECK(simulation.counts.completed == 10);
  CHECK(simulation.counts.vus_failed == 1);
  CHECK(a.started == 2);
  CHECK(a.ended == 2);
  CHECK(b.ended == 1);
}

TEST_CASE("weights that cannot be are refused") {
  FakeBody a(1ms);
  CHECK(!WeightedBody::create({}));
  CHECK(!WeightedBody::create({{&a, 0}}));
  CHECK(!WeightedBody::create({{&a, 1'000'003}, {&a, 999'983}}));
}

TEST_CASE("the demand for VUs adds up over scenarios, with those that may still be ending") {
  ScenarioOptions ramp{.name = "ramp", .executor = ExecutorKind::ramping_vus, .start_vus = 0};
  ramp.stages = {{10s, 100}, {10s, 0}};
  ramp.graceful_ramp_down = 5s;
  ramp.graceful_stop = 2s;
  const ScenarioOptions open{.name = "open",
                             .executor = ExecutorKind::constant_arrival_rate,
                             .start_time = 15s,
                             .graceful_stop = 0s,
                             .duration = 10s,
                             .rate = 1,
                             .pre_allocated_vus = 10,
                             .max_vus = 50};
  const std::vector<ScenarioOptions> both{ramp, open};
  CHECK(vu_demand_at(both, 5s).planned == 50);
  CHECK(vu_demand_at(both, 12s).planned == 100);  // 80 planned, 20 may be finishing.
  CHECK(vu_demand_at(both, 18s).planned == 70 + 10);
  CHECK(vu_demand_at(both, 18s).maximum == 70 + 50);
  CHECK(vu_demand_at(both, 26s).maximum == 0);
  CHECK(vu_demand_peak(both).planned == 110);
  CHECK(vu_demand_peak(both).maximum == 150);
  CHECK(longest_duration(both) == 25s);
}

}  // namespace brunt
