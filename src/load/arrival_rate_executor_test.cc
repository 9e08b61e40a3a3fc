#include "load/arrival_rate_executor.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>

#include "load/load_fixture.h"

namespace brunt {
using namespace std::chrono_literals;
namespace {

ScenarioOptions constant(double rate, Duration duration, std::uint64_t vus) {
  return {.executor = ExecutorKind::constant_arrival_rate,
          .duration = duration,
          .rate = rate,
          .pre_allocated_vus = vus};
}

ScenarioOptions ramping(double start_rate, std::vector<Stage> stages, std::uint64_t vus) {
  ScenarioOptions options{.executor = ExecutorKind::ramping_arrival_rate,
                          .start_rate = start_rate,
                          .pre_allocated_vus = vus};
  options.stages = std::move(stages);
  return options;
}

// A target that answers in 1 ms, but stands still between 3 and 5 s after `origin`.
FakeBody stalling(const Simulation& simulation) {
  return FakeBody([&simulation](const Iteration&, Instant now) {
    const Duration at = now - simulation.origin;
    return at >= 3s && at < 5s ? 5s - at : 1ms;
  });
}

// Beside it: when the simulated core is lost, from the test's t = 0 on, which is the loop's too.
CoreLoss core_lost(Duration at, Duration lasts) {
  return {.at = Instant(at), .lasts = lasts};
}

double response_quantile(const Simulation& simulation, double quantile) {
  std::vector<double> times;
  for (const Ended& e : simulation.observer.iterations)
    times.push_back(seconds_of(e.ended - e.iteration.planned));
  std::sort(times.begin(), times.end());
  return times[static_cast<std::size_t>(quantile * static_cast<double>(times.size() - 1))];
}

void check_sums(const LoadCounts& counts) {
  CHECK(counts.planned == counts.started + counts.dropped + counts.queued);
  CHECK(counts.started == counts.completed + counts.interrupted + counts.running);
}

}  // namespace

TEST_CASE("every arrival starts at its planned instant, whatever the others do") {
  Simulation simulation;
  FakeBody body([](const Iteration& iteration, Instant) { return iteration.index % 7 * 100ms; });
  simulation.run(constant(500, 8s, 400), body);
  CHECK(simulation.counts.completed == 4000);
  CHECK(simulation.counts.dropped == 0);
  CHECK(simulation.observer.slip_max == 0s);
  std::set<std::uint64_t> seen;
  for (const Ended& e : simulation.observer.iterations) {
    CHECK(e.iteration.started - simulation.origin == e.iteration.index * 2ms);
    seen.insert(e.iteration.index);
  }
  CHECK(seen.size() == 4000);
  check_sums(simulation.counts);
}

TEST_CASE("an arrival that is late while a VU is free is the generator's own delay") {
  Simulation simulation(core_lost(3s, 300ms));
  FakeBody body(1ms);
  simulation.run(constant(500, 8s, 400), body);
  CHECK(simulation.observer.slip_max == 300ms);
  CHECK(simulation.observer.delay_max == 300ms);
  CHECK(simulation.observer.delayed == 145);  // All of these 300 ms but the last ten.
}

TEST_CASE("arrivals that wait for a VU of a stalled target are not the generator's delay") {
  Simulation simulation;
  FakeBody body = stalling(simulation);
  simulation.run(constant(500, 8s, 50), body);
  CHECK(simulation.observer.slip_max > 1800ms);
  CHECK(simulation.observer.delay_max == 0s);
}

TEST_CASE("a loop that is held up in the middle of a stall has delayed nobody") {
  Simulation simulation(core_lost(4s, 300ms));
  FakeBody body = stalling(simulation);
  simulation.run(constant(500, 8s, 50), body);
  CHECK(simulation.observer.slip_max > 1800ms);
  CHECK(simulation.observer.delay_max == 0s);
}

TEST_CASE("a loop that is held up when a stall ends is to blame for that much of every wait") {
  Simulation simulation(core_lost(4900ms, 300ms));  // The target answers at 5 s.
  FakeBody body = stalling(simulation);
  simulation.run(constant(500, 8s, 50), body);
  CHECK(simulation.observer.slip_max > 2000ms);
  CHECK(simulation.observer.delay_max == 300ms);
  CHECK(simulation.observer.delayed > 900);
}

TEST_CASE("a loop that is held up while a queue is short of VUs is to blame for what it adds") {
  // 50 VUs of 100 ms each are just enough for 500/s: what is lost once is never made up for.
  Simulation simulation({.at = Instant(1s), .lasts = 60ms, .every = 1030ms});
  FakeBody body(100ms);
  simulation.run(constant(500, 8s, 50), body);
  CHECK(simulation.observer.slip_max > 200ms);
  CHECK(simulation.observer.delay_max == simulation.observer.slip_max);
}

TEST_CASE(
    "arrivals that are due at once start few new VUs a turn, so that warm ones serve the rest") {
  Simulation simulation;
  simulation.late = 100ms;                        // 500 arrivals are due in the first turn.
  std::map<std::uint64_t, int> first_iterations;  // By turn of the loop.
  FakeBody body([&](const Iteration& iteration, Instant) {
    if (iteration.index_in_vu == 0) ++first_iterations[simulation.loop->stats().turns];
    return 0s;
  });
  simulation.run(constant(5000, 1s, 400), body);
  CHECK(simulation.counts.completed == 5000);
  CHECK(simulation.counts.dropped == 0);
  int connected = 0, most = 0;
  for (const auto& [turn, count] : first_iterations) {
    connected += count;
    most = std::max(most, count);
  }
  CHECK(most <= 2 * 16);  // Twice in the first turn: a wake is left from preparing.
  CHECK(connected < 400);
  check_sums(simulation.counts);
}

TEST_CASE("arrivals left for the next turn are started also when the schedule has ended") {
  Simulation simulation;
  simulation.late = 2s;
  FakeBody body(1ms);
  simulation.run(constant(100, 1s, 100), body);
  CHECK(simulation.counts.completed == 100);
  check_sums(simulation.counts);
}

TEST_CASE("a ramp starts as many as the area under it, the last at the very end") {
  Simulation simulation;
  FakeBody body(5ms);
  simulation.run(ramping(0, {{10s, 100}, {5s, 0}}, 10), body);
  CHECK(simulation.counts.completed == 750);
  CHECK(simulation.observer.slip_max == 0s);
  CHECK(simulation.lasted >= 15s);
}

TEST_CASE("drop, an arrival that finds every VU busy is counted and never run") {
  Simulation simulation;
  FakeBody body(25ms);
  auto options = constant(100, 1s, 1);
  options.when_busy = WhenBusy::drop;
  simulation.run(options, body);
  // Every third of 100 finds the VU free.
  CHECK(simulation.counts.planned == 100);
  CHECK(simulation.counts.started == 34);
  CHECK(simulation.counts.dropped == 66);
  CHECK(simulation.observer.dropped == 66);
  CHECK(simulation.observer.slip_max == 0s);
  REQUIRE(simulation.observer.warnings.size() == 1);
  CHECK(simulation.observer.warnings[0].find("reached 1 active VUs") != std::string::npos);
  check_sums(simulation.counts);
}

TEST_CASE("queue, an arrival that finds every VU busy is started late, in order") {
  Simulation simulation;
  FakeBody body(25ms);
  auto options = constant(100, 1s, 1);
  options.when_busy = WhenBusy::queue;
  simulation.run(options, body);
  CHECK(simulation.counts.completed == 100);
  CHECK(simulation.counts.dropped == 0);
  CHECK(simulation.counts.started_late == 99);
  CHECK(simulation.lasted == 2500ms);
  for (std::size_t i = 0; i < 100; ++i) {
    const Ended& e = simulation.observer.iterations[i];
    CHECK(e.iteration.index == i);
    CHECK(e.iteration.planned - simulation.origin == i * 10ms);
    CHECK(e.iteration.started - simulation.origin == i * 25ms);
  }
  check_sums(simulation.counts);
}

TEST_CASE("queue, what is still waiting when the grace is over is dropped, what runs interrupted") {
  Simulation simulation;
  FakeBody body(25ms);
  auto options = constant(100, 1s, 1);
  options.graceful_stop = 510ms;
  simulation.run(options, body);
  CHECK(simulation.counts.completed == 60);
  CHECK(simulation.counts.interrupted == 1);
  CHECK(simulation.counts.dropped == 39);
  CHECK(simulation.lasted == 1510ms);
  check_sums(simulation.counts);
}

TEST_CASE("the stall, queued, response times are the true ones with many VUs and with 50") {
  for (const std::uint64_t vus : {50U, 2000U}) {
    Simulation simulation;
    FakeBody body = stalling(simulation);
    simulation.run(constant(500, 8s, vus), body);
    CHECK(simulation.counts.completed == 4000);
    CHECK(simulation.counts.dropped == 0);
    // Of 4,000 the 1,000 of the stall wait between 2 s and 0: the 200th longest is 1.6 s.
    CHECK(response_quantile(simulation, 0.95) == doctest::Approx(1.6).epsilon(0.05));
    CHECK(response_quantile(simulation, 0.5) == doctest::Approx(0.001).epsilon(0.1));
  }
}

TEST_CASE("the stall, dropped, with 50 VUs the response times look fine and the share is counted") {
  Simulation simulation;
  FakeBody body = stalling(simulation);
  auto options = constant(500, 8s, 50);
  options.when_busy = WhenBusy::drop;
  simulation.run(options, body);
  // The VU of 2.998 s is free again at 3 s: 50 of the stall's 1,000 start, and hang.
  CHECK(simulation.counts.dropped == 950);
  CHECK(simulation.counts.completed == 3050);
  CHECK(response_quantile(simulation, 0.95) < 0.002);
  check_sums(simulation.counts);
}

TEST_CASE("VUs are added one at a time up to the maximum, then there is one warning") {
  for (const WhenBusy when_busy : {WhenBusy::drop, WhenBusy::queue}) {
    Simulation simulation;
    FakeBody body(10s);
    body.start_takes = 100ms;
    auto options = constant(100, 2s, 2);
    options.max_vus = 6;
    options.when_busy = when_busy;
    std::uint64_t soon = 0;
    simulation.run(options, body, [&](Fiber& self) {
      CHECK(self.sleep(250ms));
      soon = simulation.set->progress()[0].now.vus;
    });
    CHECK(soon == 5);  // At 20 and 120 one began to start, at 220 another.
    CHECK(body.started == 6);
    CHECK(simulation.observer.warnings.size() == 1);
    check_sums(simulation.counts);
  }
}

TEST_CASE("pre-allocated VUs have started before the first arrival is due") {
  Simulation simulation;
  FakeBody body(1ms);
  body.start_takes = 1s;
  simulation.run(constant(1000, 1s, 100), body);
  CHECK(simulation.observer.slip_max == 0s);
  CHECK(simulation.counts.completed == 1000);
}

TEST_CASE("the VU that was freed last is taken first, or they take turns") {
  for (const VuChoice choice : {VuChoice::most_recently_freed, VuChoice::longest_free}) {
    Simulation simulation;
    std::set<std::uint64_t> used;
    FakeBody body(1ms);
    body.takes = [&](const Iteration&, Instant) {
      used.insert(body.last_vu);
      return 1ms;
    };
    auto options = constant(100, 1s, 20);
    options.vu_choice = choice;
    simulation.run(options, body);
    CHECK(used.size() == (choice == VuChoice::longest_free ? 20 : 1));
  }
}

TEST_CASE("several arrivals that are due at once all start in that turn") {
  Simulation simulation;
  FakeBody body(1us);
  simulation.run(constant(1e9, 1s, 1), body, [&](Fiber& self) {
    CHECK(self.sleep(10us));
    CHECK(simulation.set->progress()[0].now.counts.planned >= 9'000);
    simulation.set->stop(StopKind::now);
  });
  check_sums(simulation.counts);
}

TEST_CASE("poisson arrivals start when the schedule says") {
  Simulation simulation;
  FakeBody body(1ms);
  auto options = constant(1000, 10s, 50);
  options.arrivals = Arrivals::poisson;
  simulation.run(options, body);
  CHECK(simulation.counts.completed == doctest::Approx(10'000).epsilon(0.05));
  CHECK(simulation.observer.slip_max == 0s);
  check_sums(simulation.counts);
}

TEST_CASE("a poisson queue starts the same arrivals late that an unlimited one starts in time") {
  std::vector<std::vector<Duration>> planned;
  for (const std::uint64_t vus : {1U, 100U}) {
    Simulation simulation;
    FakeBody body(5ms);
    auto options = constant(190, 5s, vus);
    options.arrivals = Arrivals::poisson;
    simulation.run(options, body);
    std::vector<Duration> own(simulation.observer.iterations.size());
    for (const Ended& e : simulation.observer.iterations)
      own[e.iteration.index] = e.iteration.planned - simulation.origin;
    planned.push_back(std::move(own));
  }
  CHECK(planned[0] == planned[1]);
}

TEST_CASE("stopped gracefully, nothing queued is started any more") {
  Simulation simulation;
  FakeBody body(1s);
  simulation.run(constant(10, 60s, 2), body, [&](Fiber& self) {
    CHECK(self.sleep(2050ms));
    simulation.set->stop(StopKind::gracefully);
  });
  CHECK(simulation.counts.planned == 21);
  CHECK(simulation.counts.interrupted == 0);
  CHECK(simulation.counts.completed == 5);  // Of 0, 0.1, 1, 1.1 and 2 s; the rest is dropped.
  check_sums(simulation.counts);
}

TEST_CASE("a pause moves everything that is not due yet") {
  Simulation simulation;
  FakeBody body(1ms);
  simulation.run(constant(10, 10s, 2), body, [&](Fiber& self) {
    CHECK(self.sleep(5050ms));
    simulation.set->pause();
    CHECK(self.sleep(7s));
    CHECK(simulation.set->progress()[0].now.counts.started == 51);
    simulation.set->resume();
  });
  CHECK(simulation.counts.completed == 100);
  CHECK(simulation.observer.slip_max == 0s);
  CHECK(simulation.lasted == 17s);
}

TEST_CASE("when no VU can be prepared the run does not begin") {
  Simulation simulation;
  FakeBody body(1ms);
  body.starts_to_fail = 5;
  simulation.run(constant(10, 10s, 5), body);
  REQUIRE(!simulation.result);
  CHECK(simulation.result.error().text == "default: login refused");
}

TEST_CASE("a VU rests up to the minimum and is busy meanwhile") {
  Simulation simulation;
  FakeBody body(1ms);
  auto options = constant(10, 10s, 1);
  options.when_busy = WhenBusy::drop;
  options.min_iteration_duration = 950ms;
  simulation.run(options, body);
  CHECK(simulation.counts.completed == 10);
  CHECK(simulation.counts.dropped == 90);
}

TEST_CASE("segments together start the whole schedule, and none without VUs gets arrivals") {
  std::set<std::uint64_t> numbers;
  std::uint64_t planned = 0;
  for (const char* part : {"0:1/3", "1/3:2/3", "2/3:1"}) {
    Simulation simulation;
    simulation.segment = Segment::parse(part, "0,1/3,2/3,1").value();
    FakeBody body(1ms);
    simulation.run(constant(100, 10s, 2), body);
    CHECK(simulation.counts.dropped == 0);
    CHECK(simulation.counts.planned == simulation.progress.iterations_planned);
    planned += simulation.counts.planned;
    for (const Ended& e : simulation.observer.iterations) numbers.insert(e.iteration.index);
  }
  CHECK(planned == 1000);
  CHECK(numbers.size() == 1000);
}

TEST_CASE("two hundred thousand arrivals in two virtual seconds") {
  Simulation simulation;
  simulation.observer.keeps = false;
  FakeBody body(100us);
  simulation.run(constant(100'000, 2s, 100), body);
  CHECK(simulation.counts.completed == 200'000);
  CHECK(simulation.observer.slip_max == 0s);
}

}  // namespace brunt
