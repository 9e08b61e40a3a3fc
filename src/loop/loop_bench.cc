// What a switch, a timer and a sleep cost; and the experiment behind docs/decisions/0006-timers.md.
#include <benchmark/benchmark.h>

#include <array>
#include <bit>
#include <chrono>
#include <memory>
#include <vector>

#include "base/prng.h"
#include "loop/loop.h"
#include "loop/timer_heap.h"

using namespace brunt;
using namespace std::chrono_literals;

namespace {

// The rival of TimerHeap: a hierarchical wheel with a tick of 16 us, eight levels of 64 slots.
class TimerWheel {
 public:
  struct Node {
    Node* next = nullptr;
    Node* previous = nullptr;
    std::uint64_t tick = 0;
  };

  TimerWheel() {
    for (auto& level : slots_)
      for (Node& slot : level) slot.next = slot.previous = &slot;
  }

  void arm(Node& node, Instant at) {
    disarm(node);
    node.tick = static_cast<std::uint64_t>(at.time_since_epoch().count()) >> tick_bits;
    if (node.tick <= now_) node.tick = now_ + 1;
    place(node);
  }

  void disarm(Node& node) {
    if (node.next == nullptr) return;
    node.previous->next = node.next;
    node.next->previous = node.previous;
    node.next = nullptr;
  }

  // The next node that is due at all, with time moved to it.
  Node* take_next() {
    for (;;) {
      for (unsigned level = 0; level < levels; ++level) {
        const unsigned shift = level * slot_bits;
        const unsigned from = (now_ >> shift) & slot_mask;
        const std::uint64_t later =
            occupied_[level] & ~((std::uint64_t{2} << from) - 1);  // After this slot.
        const std::uint64_t wanted = level == 0 ? occupied_[level] >> from << from : later;
        if (wanted == 0) continue;
        const auto slot = static_cast<unsigned>(std::countr_zero(wanted));
        Node& head = slots_[level][slot];
        if (head.next == &head) {
          occupied_[level] &= ~(std::uint64_t{1} << slot);
          break;  // Emptied by disarm: look again.
        }
        const std::uint64_t span = slot_bits + shift >= 64 ? 0 : now_ >> (shift + slot_bits);
        now_ = ((span << slot_bits) | slot) << shift;
        Node* const node = head.next;
        if (level == 0) {
          disarm(*node);
          return node;
        }
        while (head.next != &head) {
          Node& moved = *head.next;
          disarm(moved);
          place(moved);
        }
        occupied_[level] &= ~(std::uint64_t{1} << slot);
        break;
      }
    }
  }

 private:
  static constexpr unsigned tick_bits = 14;
  static constexpr unsigned slot_bits = 6;
  static constexpr unsigned slot_mask = 63;
  static constexpr unsigned levels = 8;

  void place(Node& node) {
    const std::uint64_t differing = node.tick ^ now_;
    const unsigned level =
        differing == 0 ? 0 : static_cast<unsigned>(63 - std::countl_zero(differing)) / slot_bits;
    const unsigned slot = (node.tick >> (level * slot_bits)) & slot_mask;
    Node& head = slots_[level][slot];
    node.next = &head;
    node.previous = head.previous;
    head.previous->next = &node;
    head.previous = &node;
    occupied_[level] |= std::uint64_t{1} << slot;
  }

  std::uint64_t now_ = 0;
  std::array<std::array<Node, 64>, levels> slots_;
  std::array<std::uint64_t, levels> occupied_{};
};

std::vector<Duration> think_times() {
  Prng prng(1);
  std::vector<Duration> times(4096);
  for (Duration& time : times) time = prng.between(Duration(25s), Duration(35s));
  return times;
}

// Nodes lie as far apart as fibers do.
template <typename Node>
struct alignas(64) Apart {
  Node node;
  std::array<char, 256> rest;
};

void heap_think(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const auto times = think_times();
  TimerHeap heap;
  std::vector<Apart<TimerNode>> nodes(count);
  std::size_t i = 0;
  for (auto& node : nodes) heap.arm(node.node, Instant(times[++i % times.size()]));
  for (auto _ : state) {
    const Instant now = heap.first();
    heap.arm(*heap.take_due(now), now + times[++i % times.size()]);
  }
}
BENCHMARK(heap_think)->Arg(64)->Arg(15'000)->Arg(200'000);

void wheel_think(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const auto times = think_times();
  TimerWheel wheel;
  std::vector<Apart<TimerWheel::Node>> nodes(count);
  std::size_t i = 0;
  for (auto& node : nodes) wheel.arm(node.node, Instant(times[++i % times.size()]));
  for (auto _ : state) {
    TimerWheel::Node* const node = wheel.take_next();
    const Instant now(Duration(static_cast<std::int64_t>(node->tick << 14u)));
    wheel.arm(*node, now + times[++i % times.size()]);
  }
}
BENCHMARK(wheel_think)->Arg(64)->Arg(15'000)->Arg(200'000);

// A time-out of a minute that is armed and taken back for each request: what laziness saves.
void heap_arm_and_disarm(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  TimerHeap heap;
  std::vector<Apart<TimerNode>> nodes(count);
  Instant now{};
  for (auto& node : nodes) heap.arm(node.node, now + 60s);
  std::size_t i = 0;
  for (auto _ : state) {
    TimerNode& node = nodes[i++ % count].node;
    now += 1us;
    heap.disarm(node);
    heap.arm(node, now + 60s);
  }
}
BENCHMARK(heap_arm_and_disarm)->Arg(64)->Arg(15'000);

void wheel_arm_and_disarm(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  TimerWheel wheel;
  std::vector<Apart<TimerWheel::Node>> nodes(count);
  Instant now{};
  for (auto& node : nodes) wheel.arm(node.node, now + 60s);
  std::size_t i = 0;
  for (auto _ : state) {
    now += 1us;
    wheel.arm(nodes[i++ % count].node, now + 60s);
  }
}
BENCHMARK(wheel_arm_and_disarm)->Arg(64)->Arg(15'000);

// One fiber runs the benchmark, `count` others answer it: a wake, two switches, a park with a
// deadline, each time.
void wake_and_park(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  auto loop = std::move(*Loop::create({.backend = BackendKind::simulated}));
  std::vector<Fiber*> others;
  bool is_done = false;
  for (std::size_t i = 0; i < count; ++i)
    others.push_back(*loop->spawn("other", [&](Fiber& self) {
      while (!is_done) benchmark::DoNotOptimize(self.park(self.now() + 60s, "bench"));
    }));
  (void)loop->spawn("bench", [&](Fiber& self) {
    (void)self.sleep(1ns);
    std::size_t i = 0;
    for (auto _ : state) {
      others[i]->wake();
      if (++i == count) {
        // Let them all run: our own turn comes after theirs.
        self.wake();
        (void)self.park(far_future, "drain the kept wake");
        (void)self.sleep(0ns);
        i = 0;
      }
    }
    is_done = true;
    for (Fiber* other : others) other->wake();
  });
  loop->run();
}
BENCHMARK(wake_and_park)->Arg(64)->Arg(15'000);

// A whole turn of the loop for each pass: the virtual clock, the heap, two switches.
void simulated_sleep(benchmark::State& state) {
  auto loop = std::move(*Loop::create({.backend = BackendKind::simulated}));
  (void)loop->spawn("bench", [&](Fiber& self) {
    for (auto _ : state) (void)self.sleep(1us);
  });
  loop->run();
}
BENCHMARK(simulated_sleep);

void spawn_and_end(benchmark::State& state) {
  auto loop = std::move(*Loop::create({.backend = BackendKind::simulated}));
  (void)loop->spawn("bench", [&](Fiber& self) {
    for (auto _ : state) {
      (void)self.loop().spawn("short", [](Fiber&) {});
      (void)self.sleep(0ns);
    }
  });
  loop->run();
}
BENCHMARK(spawn_and_end);

// Touches the pages below, as a deep call would.
[[gnu::noinline]] void touch_below(std::size_t bytes) {
  volatile char here = 0;
  for (std::size_t offset = 4096; offset <= bytes; offset += 4096) *(&here - offset) = 1;
}

// What a long sleep pays to give back pages that nothing touched, and ones that were touched.
void long_sleep(benchmark::State& state) {
  const auto depth = static_cast<std::size_t>(state.range(0));
  auto loop = std::move(*Loop::create({.backend = BackendKind::simulated}));
  (void)loop->spawn("bench", [&](Fiber& self) {
    for (auto _ : state) {
      touch_below(depth);
      (void)self.sleep(10s);
    }
  });
  loop->run();
}
BENCHMARK(long_sleep)->Arg(0)->Arg(4096)->Arg(16384);

}  // namespace
