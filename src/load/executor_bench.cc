// What starting an iteration costs: the schedule's arithmetic by itself, then whole executors on a
// simulated loop beside the bare fibers that do the same without one. The difference is ours.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>
#include <new>

#include "load/arrival_schedule.h"
#include "load/scenario_set.h"

namespace {
std::uint64_t allocations = 0;  // One thread.
}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}

namespace brunt {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t iterations = 200'000;

ScenarioOptions arrivals_of(ExecutorKind kind, Arrivals arrivals) {
  ScenarioOptions options{.executor = kind,
                          .duration = 2s,
                          .rate = 100'000,
                          .pre_allocated_vus = 64,
                          .arrivals = arrivals};
  options.stages = {{4s, 100'000}};
  return options;
}

class QuietObserver : public LoadObserver {
 public:
  void arrival_started(std::size_t, const Iteration&) override { ++calls; }
  void iteration_ended(std::size_t, const Iteration&, Instant, IterationEnd) override { ++calls; }
  void iterations_dropped(std::size_t, std::uint64_t, Instant) override { ++calls; }
  void warned(std::size_t, std::string_view) override { ++calls; }
  std::uint64_t calls = 0;
};

class SleepyBody : public VuBody {
 public:
  Result<> start_vu(Fiber&, Vu&) override { return {}; }
  IterationEnd run(Fiber& self, Vu&, const Iteration&) override {
    return self.sleep(100us) ? IterationEnd::complete : IterationEnd::interrupted;
  }
  void end_vu(Fiber&, Vu&) override {}
};

void report(benchmark::State& state, std::uint64_t allocated) {
  const auto items = static_cast<double>(state.iterations()) * static_cast<double>(iterations);
  state.SetItemsProcessed(static_cast<std::int64_t>(items));
  state.counters["time_each"] =
      benchmark::Counter(items, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["allocations_each"] = static_cast<double>(allocated) / items;
}

void walk(benchmark::State& state, ExecutorKind kind, Arrivals arrivals) {
  const ArrivalSchedule schedule(arrivals_of(kind, arrivals));
  const Segment whole;
  for (auto _ : state) {
    Duration last{};
    for (ArrivalCursor cursor(schedule, whole); cursor.current(); cursor.advance())
      last = cursor.current()->due;
    benchmark::DoNotOptimize(last);
  }
  report(state, 0);
}
BENCHMARK_CAPTURE(walk, constant, ExecutorKind::constant_arrival_rate, Arrivals::even);
BENCHMARK_CAPTURE(walk, ramping, ExecutorKind::ramping_arrival_rate, Arrivals::even);
BENCHMARK_CAPTURE(walk, poisson, ExecutorKind::constant_arrival_rate, Arrivals::poisson);

void execute(benchmark::State& state, const ScenarioOptions& options) {
  const std::uint64_t before = allocations;
  for (auto _ : state) {
    const auto loop = Loop::create({.backend = BackendKind::simulated}).value();
    QuietObserver observer;
    SleepyBody body;
    ScenarioSet set({.loop = *loop, .observer = observer});
    if (!set.add(options, body)) state.SkipWithError("no scenario");
    const auto conductor = loop->spawn("conductor", [&](Fiber& self) {
      if (!set.prepare(self) || !set.run(self, self.now())) state.SkipWithError("failed");
    });
    if (!conductor) state.SkipWithError("no fiber");
    loop->run();
    if (set.total().completed < iterations) state.SkipWithError("too few iterations");
  }
  report(state, allocations - before);
}
BENCHMARK_CAPTURE(execute, open, arrivals_of(ExecutorKind::constant_arrival_rate, Arrivals::even))
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(execute, closed,
                  ScenarioOptions{.executor = ExecutorKind::shared_iterations,
                                  .vus = 64,
                                  .iterations = iterations})
    ->Unit(benchmark::kMillisecond);

// The same sleeps and wakes as `open`, and nothing else: one fiber that hands out work on time.
void bare_open(benchmark::State& state) {
  for (auto _ : state) {
    const auto loop = Loop::create({.backend = BackendKind::simulated}).value();
    std::vector<Fiber*> idle;
    bool over = false;
    const auto worker = [&](Fiber& self) {
      while (true) {
        idle.push_back(&self);
        static_cast<void>(self.park(far_future, "idle"));
        if (over) return;
        static_cast<void>(self.sleep(100us));
      }
    };
    for (int i = 0; i < 64; ++i) static_cast<void>(loop->spawn("worker", worker));
    static_cast<void>(loop->spawn("dispatcher", [&](Fiber& self) {
      static_cast<void>(self.sleep(1ms));
      for (std::uint64_t i = 0; i < iterations; ++i) {
        static_cast<void>(self.park(self.now() + 10us, "due"));
        idle.back()->wake();
        idle.pop_back();
      }
      static_cast<void>(self.sleep(1ms));
      over = true;
      for (Fiber* const fiber : idle) fiber->wake();
    }));
    loop->run();
  }
  report(state, 0);
}
BENCHMARK(bare_open)->Unit(benchmark::kMillisecond);

// The same as `closed`.
void bare_closed(benchmark::State& state) {
  for (auto _ : state) {
    const auto loop = Loop::create({.backend = BackendKind::simulated}).value();
    std::uint64_t left = iterations;
    const auto worker = [&](Fiber& self) {
      while (left > 0) {
        --left;
        static_cast<void>(self.sleep(100us));
      }
    };
    for (int i = 0; i < 64; ++i) static_cast<void>(loop->spawn("worker", worker));
    loop->run();
  }
  report(state, 0);
}
BENCHMARK(bare_closed)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace brunt
