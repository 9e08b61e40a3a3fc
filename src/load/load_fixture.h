// For this layer's tests: scenarios on a simulated loop, with iterations that only take time.
#pragma once
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "load/scenario_set.h"
#include "loop/loop.h"

namespace brunt {

// An iteration takes as long as `takes` says. Nothing else happens in it.
class FakeBody : public VuBody {
 public:
  using Takes = std::function<Duration(const Iteration&, Instant now)>;
  explicit FakeBody(Takes takes_how_long) : takes(std::move(takes_how_long)) {}
  explicit FakeBody(Duration always) : takes([always](auto&, Instant) { return always; }) {}

  Result<> start_vu(Fiber& self, Vu& vu) override {
    if (start_takes > Duration::zero()) TRY(self.sleep(start_takes));
    if (started < starts_to_fail) {
      ++started;
      return fail(ErrorCode::refused, "login refused");
    }
    ++started;
    ids.push_back(vu.id_in_test);
    return {};
  }
  IterationEnd run(Fiber& self, Vu& vu, const Iteration& iteration) override {
    last_vu = vu.id_in_test;
    if (seen) seen(vu);
    const Duration duration = takes(iteration, self.now());
    if (duration > Duration::zero() && !self.sleep(duration)) return IterationEnd::interrupted;
    return IterationEnd::complete;
  }
  void end_vu(Fiber&, Vu&) override { ++ended; }

  Takes takes;
  std::function<void(const Vu&)> seen;  // Of each iteration.
  Duration start_takes{};
  std::uint64_t starts_to_fail = 0;
  std::uint64_t started = 0, ended = 0, last_vu = 0;
  std::vector<std::uint64_t> ids;
};

struct Ended {
  Iteration iteration;
  Instant ended;
  IterationEnd end;
};

class FakeObserver : public LoadObserver {
 public:
  void arrival_started(std::size_t, const Iteration& iteration) override {
    const Duration slip = iteration.started - iteration.planned;
    slip_max = std::max(slip_max, slip);
    delay_max = std::max(delay_max, slip - iteration.waited_for_vu);
    if (slip - iteration.waited_for_vu > std::chrono::milliseconds(10)) ++delayed;
    ++arrivals;
  }
  void iteration_ended(std::size_t, const Iteration& iteration, Instant at,
                       IterationEnd end) override {
    if (keeps) iterations.push_back({iteration, at, end});
  }
  void iterations_dropped(std::size_t, std::uint64_t count, Instant) override {
    dropped += count;
    ++drops;
  }
  void warned(std::size_t, std::string_view text) override { warnings.emplace_back(text); }

  bool keeps = true;
  Duration slip_max{};
  Duration delay_max{};       // Of a slip what is the generator's own doing.
  std::uint64_t delayed = 0;  // By more than 10 ms of that.
  std::uint64_t arrivals = 0, dropped = 0, drops = 0;
  std::vector<Ended> iterations;
  std::vector<std::string> warnings;
};

// One scenario from 0 on; `script` runs beside it on a fiber of its own, with the set in `set`.
struct Simulation {
  explicit Simulation(const CoreLoss& core_loss = {})
      : loop(Loop::create({.backend = BackendKind::simulated, .core_loss = core_loss}).value()) {}

  std::unique_ptr<Loop> loop;
  FakeObserver observer;
  std::unique_ptr<ScenarioSet> set;
  Segment segment;
  Duration late{};    // The loop gets to the test's t = 0 only so much later.
  Instant origin{};   // The test's t = 0.
  Duration lasted{};  // Until the last VU had ended.
  Result<> result;
  LoadCounts counts;
  ExecutorProgress progress;

  void run(const ScenarioOptions& options, VuBody& body,
           const std::function<void(Fiber&)>& script = {}) {
    set = std::make_unique<ScenarioSet>(
        ScenarioSetOptions{.loop = *loop, .observer = observer, .segment = segment});
    CHECK(set->add(options, body));
    run_set(script);
    progress = set->progress()[0].now;
  }
  void run_set(const std::function<void(Fiber&)>& script = {}) {
    CHECK(loop->spawn("conductor", [&](Fiber& self) {
      result = set->prepare(self);
      if (!result) return;
      origin = self.now() - late;
      if (script) CHECK(loop->spawn("script", [&](Fiber& fiber) { script(fiber); }));
      result = set->run(self, origin);
      lasted = self.now() - origin;
    }));
    loop->run();
    counts = set->total();
  }
};

}  // namespace brunt
