#include "load/closed_executor.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "load/load_fixture.h"

namespace brunt {
using namespace std::chrono_literals;
namespace {

ScenarioOptions constant_vus(std::uint64_t vus, Duration duration) {
  return {.executor = ExecutorKind::constant_vus, .vus = vus, .duration = duration};
}

ScenarioOptions ramping_vus(std::uint64_t start, std::vector<Stage> stages) {
  ScenarioOptions options{.executor = ExecutorKind::ramping_vus, .start_vus = start};
  options.stages = std::move(stages);
  return options;
}

ScenarioOptions iterations(ExecutorKind kind, std::uint64_t vus, std::uint64_t count) {
  return {.executor = kind, .vus = vus, .iterations = count};
}

}  // namespace

TEST_CASE("constant VUs all start at 0 and loop until the end, then finish what runs") {
  Simulation simulation;
  FakeBody body(300ms);
  simulation.run(constant_vus(10, 10s), body);
  // The 34th begins at 9.9 s and is finished within the grace.
  CHECK(simulation.counts.completed == 340);
  CHECK(simulation.counts.interrupted == 0);
  CHECK(simulation.counts.dropped == 0);
  CHECK(simulation.lasted == 10'200ms);
  CHECK(body.ended == 10);
  CHECK(std::all_of(simulation.observer.iterations.begin(),
                    simulation.observer.iterations.begin() + 10,
                    [&](const Ended& e) { return e.iteration.started == simulation.origin; }));
  CHECK(simulation.progress.phase == ExecutorPhase::ended);
}

TEST_CASE("numbers are unique, from 0 on, and planned is started in the closed model") {
  Simulation simulation;
  FakeBody body(100ms);
  simulation.run(constant_vus(3, 1s), body);
  std::set<std::uint64_t> seen;
  for (const Ended& e : simulation.observer.iterations) {
    seen.insert(e.iteration.index);
    CHECK(e.iteration.planned == e.iteration.started);
  }
  CHECK(seen.size() == 30);
  CHECK(*seen.rbegin() == 29);
  CHECK(simulation.observer.arrivals == 0);
  CHECK(std::set(body.ids.begin(), body.ids.end()) == std::set<std::uint64_t>{1, 2, 3});
}

TEST_CASE("what outlasts the graceful stop is interrupted") {
  Simulation simulation;
  FakeBody body(7s);
  auto options = constant_vus(5, 10s);
  options.graceful_stop = 2s;
  simulation.run(options, body);
  CHECK(simulation.counts.completed == 5);
  CHECK(simulation.counts.interrupted == 5);
  CHECK(simulation.lasted == 12s);
  CHECK(body.ended == 5);
}

TEST_CASE("with no graceful stop the end is the end") {
  Simulation simulation;
  FakeBody body(7s);
  auto options = constant_vus(1, 10s);
  options.graceful_stop = 0s;
  simulation.run(options, body);
  CHECK(simulation.counts.interrupted == 1);
  CHECK(simulation.lasted == 10s);
}

TEST_CASE("each VU runs its own iterations") {
  Simulation simulation;
  FakeBody body(100ms);
  simulation.run(iterations(ExecutorKind::per_vu_iterations, 4, 25), body);
  CHECK(simulation.counts.completed == 100);
  CHECK(simulation.counts.dropped == 0);
  CHECK(simulation.lasted == 2500ms);
  CHECK(simulation.progress.iterations_planned == 100);
}

TEST_CASE("each VU runs the number of iterations that is its own, in every segment") {
  const char* parts[] = {"0:1/3", "1/3:2/3", "2/3:1"};
  std::vector<std::uint64_t> ran(5);
  std::uint64_t planned = 0, dropped = 0;
  for (const char* part : parts) {
    Simulation simulation;
    simulation.segment = Segment::parse(part, "0,1/3,2/3,1").value();
    FakeBody body(100ms);
    body.seen = [&ran](const Vu& vu) { ++ran[vu.id_in_scenario - 1]; };
    auto options = iterations(ExecutorKind::per_vu_iterations, 5, 1);
    options.iterations_by_vu = {10, 20, 30, 40, 50};
    options.max_duration = 4s;
    simulation.run(options, body);
    planned += simulation.progress.iterations_planned;
    dropped += simulation.counts.dropped;
  }
  CHECK(ran == std::vector<std::uint64_t>{10, 20, 30, 40, 40});
  CHECK(planned == 150);
  CHECK(dropped == 10);
}

TEST_CASE("VUs with iterations of their own can start one after the other") {
  Simulation simulation;
  FakeBody body(100ms);
  auto options = iterations(ExecutorKind::per_vu_iterations, 4, 2);
  options.ramp_up = 4s;
  simulation.run(options, body);
  CHECK(simulation.counts.completed == 8);
  CHECK(simulation.counts.dropped == 0);
  CHECK(simulation.lasted == 4200ms);
  CHECK(simulation.observer.iterations[0].iteration.started - simulation.origin == 1s);
  CHECK(simulation.observer.iterations[2].iteration.started - simulation.origin == 2s);
}

TEST_CASE("what a VU did not get to is dropped, as one sample for each VU") {
  Simulation simulation;
  FakeBody body(400ms);
  auto options = iterations(ExecutorKind::per_vu_iterations, 4, 25);
  options.max_duration = 1s;
  simulation.run(options, body);
  CHECK(simulation.counts.completed == 12);
  CHECK(simulation.counts.dropped == 88);
  CHECK(simulation.observer.drops == 4);
  CHECK(simulation.counts.planned == 100);
  CHECK(simulation.lasted == 1200ms);
}

TEST_CASE("shared iterations go to whoever is free") {
  Simulation simulation;
  FakeBody body(
      [](const Iteration& iteration, Instant) { return iteration.index == 0 ? 10s : 1s; });
  simulation.run(iterations(ExecutorKind::shared_iterations, 2, 11), body);
  CHECK(simulation.counts.completed == 11);
  CHECK(simulation.lasted == 10s);  // One VU took one, the other ten.
}

TEST_CASE("shared iterations that are left when the time is over are dropped at once") {
  Simulation simulation;
  FakeBody body(300ms);
  auto options = iterations(ExecutorKind::shared_iterations, 3, 1000);
  options.max_duration = 1s;
  options.graceful_stop = 100ms;
  simulation.run(options, body);
  CHECK(simulation.counts.started == 12);
  CHECK(simulation.counts.completed == 9);
  CHECK(simulation.counts.interrupted == 3);
  CHECK(simulation.counts.dropped == 988);
  CHECK(simulation.observer.drops == 1);
}

TEST_CASE("a ramp starts each VU when the line crosses its number") {
  Simulation simulation;
  FakeBody body(10ms);
  simulation.run(ramping_vus(0, {{10s, 10}}), body);
  std::vector<Duration> first(11, -1s);
  for (const Ended& e : simulation.observer.iterations)
    if (e.iteration.index_in_vu == 0)
      first[static_cast<std::size_t>((e.iteration.started - simulation.origin) / 1s)] =
          e.iteration.started - simulation.origin;
  for (int second = 1; second < 10; ++second)
    CHECK(first[static_cast<std::size_t>(second)] == second * 1s);
  // VU k runs from second k to 10: 100 iterations a second.
  CHECK(simulation.counts.completed == 100 * (9 + 8 + 7 + 6 + 5 + 4 + 3 + 2 + 1));
}

TEST_CASE("a VU that is ramped down finishes, but only within the graceful ramp-down") {
  Simulation simulation;
  FakeBody body(5s);
  auto options = ramping_vus(2, {{1s, 2}, {0s, 1}, {20s, 1}});
  SUBCASE("long enough") {
    options.graceful_ramp_down = 5s;
    simulation.run(options, body);
    CHECK(simulation.counts.interrupted == 0);
    CHECK(simulation.counts.completed == 6);  // The other VU's five, and its one.
  }
  SUBCASE("too short") {
    options.graceful_ramp_down = 3s;
    simulation.run(options, body);
    CHECK(simulation.counts.interrupted == 1);
    CHECK(simulation.counts.completed == 5);
  }
}

TEST_CASE("a ramped-down VU that is wanted again in time goes on as if nothing had been") {
  Simulation simulation;
  FakeBody body(4s);
  simulation.run(ramping_vus(2, {{1s, 2}, {0s, 1}, {1s, 1}, {0s, 2}, {6s, 2}}), body);
  CHECK(simulation.counts.completed == 4);
  CHECK(simulation.counts.interrupted == 0);
  CHECK(body.started == 2);
  CHECK(body.ended == 2);
  CHECK(simulation.lasted == 8s);
}

TEST_CASE("a VU that is wanted again later waits with its state, else it ends at once") {
  Simulation simulation;
  FakeBody body(100ms);
  std::uint64_t alive_in_valley = 0, alive_at_end = 0;
  simulation.run(ramping_vus(4, {{1s, 4}, {0s, 1}, {5s, 1}, {0s, 2}, {5s, 2}}), body,
                 [&](Fiber& self) {
                   CHECK(self.sleep(4s));
                   alive_in_valley = simulation.set->progress()[0].now.vus;
                   CHECK(self.sleep(5s));
                   alive_at_end = simulation.set->progress()[0].now.vus;
                 });
  CHECK(alive_in_valley == 2);  // One runs, one waits; two are gone.
  CHECK(alive_at_end == 2);
  CHECK(body.started == 4);  // Nobody began twice.
  CHECK(simulation.counts.completed == 40 + 50 + 100);
}

TEST_CASE("a VU whose grace was over begins anew when the ramp goes up again") {
  Simulation simulation;
  FakeBody body(10s);
  auto options = ramping_vus(2, {{1s, 2}, {0s, 1}, {3s, 1}, {0s, 2}, {10s, 2}});
  options.graceful_ramp_down = 1s;
  simulation.run(options, body);
  CHECK(simulation.counts.interrupted == 1);
  CHECK(body.started == 3);
  CHECK(std::set(body.ids.begin(), body.ids.end()) == std::set<std::uint64_t>{1, 2});
}

TEST_CASE("a VU that was faster than the minimum rests for the remainder") {
  Simulation simulation;
  FakeBody body(100ms);
  auto options = constant_vus(2, 10s);
  options.min_iteration_duration = 1s;
  simulation.run(options, body);
  CHECK(simulation.counts.completed == 20);
  CHECK(simulation.observer.iterations[0].ended - simulation.origin == 100ms);
  CHECK(simulation.lasted == 10s);  // The rest is cut short at the end.
}

TEST_CASE("iterations that never wait do not stop the clock") {
  Simulation simulation;
  FakeBody body(0s);
  auto options = iterations(ExecutorKind::shared_iterations, 10, 10'000);
  simulation.run(options, body);
  CHECK(simulation.counts.completed == 10'000);
  CHECK(simulation.lasted <= 2ms);
}

TEST_CASE("a VU that cannot start is left out, and the others go on") {
  Simulation simulation;
  FakeBody body(100ms);
  body.starts_to_fail = 3;
  simulation.run(constant_vus(10, 1s), body);
  CHECK(simulation.result);
  CHECK(simulation.counts.vus_failed == 3);
  CHECK(simulation.counts.completed == 70);
  REQUIRE(simulation.observer.warnings.size() == 1);
  CHECK(simulation.observer.warnings[0].find("login refused") != std::string::npos);
}

TEST_CASE("of VUs that are prepared before the start all are wanted") {
  Simulation simulation;
  FakeBody body(100ms);
  body.starts_to_fail = 1;
  auto options = constant_vus(10, 1s);
  options.preparation = VuPreparation::before_the_scenario;
  simulation.run(options, body);
  REQUIRE(!simulation.result);
  CHECK(simulation.result.error().text == "default: login refused");
}

TEST_CASE("when no VU can start the scenario ends with the reason") {
  Simulation simulation;
  FakeBody body(100ms);
  body.starts_to_fail = 10;
  simulation.run(iterations(ExecutorKind::per_vu_iterations, 10, 3), body);
  REQUIRE(!simulation.result);
  CHECK(simulation.result.error().text == "default: login refused");
  CHECK(simulation.lasted == 0s);
  CHECK(simulation.counts.dropped == 30);
}

TEST_CASE("VUs can be prepared before the start, so that the start is not theirs") {
  Simulation simulation;
  FakeBody body(100ms);
  body.start_takes = 50ms;
  auto options = constant_vus(200, 1s);
  options.preparation = VuPreparation::before_the_scenario;
  simulation.run(options, body);
  CHECK(body.started == 200);
  CHECK(simulation.counts.completed == 2000);
  CHECK(simulation.origin.time_since_epoch() >= 200ms);  // At most 64 at a time: four rounds.
  CHECK(simulation.lasted == 1s);
}

TEST_CASE("stopped gracefully, what runs finishes, and stopped now, it is interrupted") {
  for (const StopKind kind : {StopKind::gracefully, StopKind::now}) {
    Simulation simulation;
    FakeBody body(4s);
    simulation.run(constant_vus(3, 60s), body, [&](Fiber& self) {
      CHECK(self.sleep(5s));
      simulation.set->stop(kind);
    });
    CHECK(simulation.counts.completed == (kind == StopKind::now ? 3 : 6));
    CHECK(simulation.counts.interrupted == (kind == StopKind::now ? 3 : 0));
    CHECK(simulation.lasted == (kind == StopKind::now ? 5s : 8s));
  }
}

TEST_CASE("while paused nothing new is started and the clock of the scenario stands still") {
  Simulation simulation;
  FakeBody body(1s);
  simulation.run(constant_vus(2, 10s), body, [&](Fiber& self) {
    CHECK(self.sleep(4500ms));
    simulation.set->pause();
    CHECK(self.sleep(20s));
    const auto progress = simulation.set->progress()[0].now;
    CHECK(progress.paused);
    CHECK(progress.elapsed == 4500ms);
    CHECK(progress.counts.running == 0);
    simulation.set->resume();
  });
  // Five each before the pause; 5.5 s are left after it, in which six begin.
  CHECK(simulation.counts.completed == 22);
  CHECK(simulation.lasted == 30'500ms);
}

TEST_CASE("progress can be read at any time") {
  Simulation simulation;
  FakeBody body(1s);
  simulation.run(ramping_vus(0, {{10s, 10}, {10s, 10}}), body, [&](Fiber& self) {
    CHECK(self.sleep(5500ms));
    const auto all = simulation.set->progress();
    CHECK(all[0].name == "default");
    CHECK(all[0].now.phase == ExecutorPhase::running);
    CHECK(all[0].now.elapsed == 5500ms);
    CHECK(all[0].now.vus_active == 5);
    CHECK(all[0].now.vus_max == 10);
    CHECK(all[0].fraction() == doctest::Approx(5.5 / 20));
  });
}

TEST_CASE("segments together run the whole, VUs, own and shared iterations") {
  const char* parts[] = {"0:1/3", "1/3:2/3", "2/3:1"};
  for (const ExecutorKind kind :
       {ExecutorKind::per_vu_iterations, ExecutorKind::shared_iterations}) {
    std::set<std::uint64_t> vus;
    std::set<std::uint64_t> numbers;
    std::uint64_t completed = 0;
    for (const char* part : parts) {
      Simulation simulation;
      simulation.segment = Segment::parse(part, "0,1/3,2/3,1").value();
      FakeBody body(100ms);
      simulation.run(iterations(kind, 4, 50), body);
      completed += simulation.counts.completed;
      vus.insert(body.ids.begin(), body.ids.end());
      for (const Ended& e : simulation.observer.iterations) numbers.insert(e.iteration.index);
    }
    CHECK(completed == (kind == ExecutorKind::per_vu_iterations ? 200 : 50));
    CHECK(vus == std::set<std::uint64_t>{1, 2, 3, 4});
    if (kind == ExecutorKind::shared_iterations) {
      CHECK(numbers.size() == 50);
      CHECK(*numbers.rbegin() == 49);
    }
  }
}

TEST_CASE("fifteen thousand VUs start at once and end at once") {
  Simulation simulation;
  simulation.observer.keeps = false;
  FakeBody body(1s);
  simulation.run(constant_vus(15'000, 2s), body);
  CHECK(simulation.counts.completed == 30'000);
  CHECK(body.ended == 15'000);
  CHECK(simulation.lasted == 2s);
}

TEST_CASE("a million iterations on a virtual clock") {
  Simulation simulation;
  simulation.observer.keeps = false;
  FakeBody body(10ms);
  simulation.run(iterations(ExecutorKind::shared_iterations, 100, 1'000'000), body);
  CHECK(simulation.counts.completed == 1'000'000);
  CHECK(simulation.lasted == 100s);
}

TEST_CASE(
    "externally controlled VUs are as many as they are told, and those above it are cut off") {
  Simulation simulation;
  FakeBody body(300ms);
  ScenarioOptions options{.executor = ExecutorKind::externally_controlled,
                          .vus = 2,
                          .preparation = VuPreparation::before_the_scenario,
                          .duration = 10s,
                          .max_vus = 5};
  options.choose(options.executor);
  std::vector<std::uint64_t> active;
  const auto look = [&] { active.push_back(simulation.set->progress()[0].now.vus_active); };
  simulation.run(options, body, [&](Fiber& self) {
    CHECK(self.sleep(1s));
    look();
    simulation.set->scale(0, {.vus = 4, .vus_max = 5});
    CHECK(self.sleep(1s));
    look();
    simulation.set->scale(0, {.vus = 1, .vus_max = 5});
    CHECK(self.sleep(1s));
    look();
    simulation.set->scale(0, {.vus = 7, .vus_max = 8});
    CHECK(self.sleep(1s));
    look();
    CHECK(simulation.set->progress()[0].now.vus_max == 8);
  });
  CHECK(active == std::vector<std::uint64_t>{2, 4, 1, 7});
  // Three at 2 s, and all seven at the end: it has no grace.
  CHECK(simulation.counts.interrupted == 3 + 7);
  CHECK(simulation.lasted == 10s);
}

TEST_CASE("externally controlled VUs rest while it is paused, and none of them is no end") {
  Simulation simulation;
  FakeBody body(100ms);
  ScenarioOptions options{
      .executor = ExecutorKind::externally_controlled, .vus = 0, .duration = 4s, .max_vus = 3};
  options.choose(options.executor);
  simulation.run(options, body, [&](Fiber& self) {
    CHECK(self.sleep(1s));
    simulation.set->scale(0, {.vus = 3, .vus_max = 3});
    CHECK(self.sleep(1s));
    simulation.set->pause();
    CHECK(self.sleep(5s));
    simulation.set->resume();
  });
  CHECK(simulation.counts.completed == 90);
  CHECK(simulation.lasted == 9s);
}

TEST_CASE("a number of VUs that a scenario cannot have is refused") {
  ScenarioOptions began{.executor = ExecutorKind::externally_controlled, .vus = 2, .max_vus = 5};
  CHECK(check_scale({.vus = 5, .vus_max = 5}, began));
  CHECK(check_scale({.vus = 9, .vus_max = 10}, began));
  CHECK(check_scale({.vus = 6, .vus_max = 5}, began).error().text ==
        "6 VUs are more than the 5 that scenario default may have; raise these too");
  CHECK(check_scale({.vus = 1, .vus_max = 4}, began).error().text ==
        "4 VUs at most are less than the 5 that scenario default began with");
  CHECK_FALSE(check_scale({.vus = 1, .vus_max = 1'000'000'000}, began));
}

}  // namespace brunt
