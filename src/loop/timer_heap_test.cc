// The heap against a sorted list, and its promises one by one.
#include "loop/timer_heap.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "base/prng.h"

using namespace brunt;
using namespace std::chrono_literals;

TEST_CASE("nodes come out in the order of their instants, and not before they are due") {
  TimerHeap heap;
  TimerNode early;
  TimerNode late;
  CHECK(heap.first() == far_future);
  heap.arm(late, Instant(20s));
  heap.arm(early, Instant(10s));
  CHECK(heap.first() == Instant(10s));
  CHECK(heap.take_due(Instant(9s)) == nullptr);
  CHECK(heap.take_due(Instant(10s)) == &early);
  CHECK(early.armed == far_future);
  CHECK(heap.take_due(Instant(10s)) == nullptr);
  CHECK(heap.take_due(Instant(1h)) == &late);
  CHECK(heap.size() == 0);
}

TEST_CASE("nodes of one instant come in the order in which they were armed") {
  TimerHeap heap;
  std::vector<TimerNode> nodes(100);
  for (TimerNode& node : nodes) heap.arm(node, Instant(1s));
  for (TimerNode& node : nodes) CHECK(heap.take_due(Instant(1s)) == &node);
}

TEST_CASE("after any sequence of arm, move and disarm the heap agrees with a sorted list") {
  Prng prng(7);
  TimerHeap heap;
  std::vector<TimerNode> nodes(300);
  for (int step = 0; step < 30'000; ++step) {
    TimerNode& node = nodes[static_cast<std::size_t>(prng.between(0, 299))];
    if (prng.uniform() < 0.3)
      heap.disarm(node);
    else
      heap.arm(node, Instant(Duration(prng.between(1, 10'000))));
    Instant least = far_future;
    if (step % 10 == 0) {
      for (const TimerNode& each : nodes) least = std::min(least, each.armed);
      REQUIRE(heap.first() == least);
    }
    if (prng.uniform() < 0.1 && heap.size() > 0) {
      const Instant first = heap.first();
      const TimerNode* const taken = heap.take_due(first);
      REQUIRE(taken != nullptr);
      REQUIRE(taken->armed == far_future);
    }
  }
  std::size_t armed = 0;
  for (TimerNode& node : nodes) {
    armed += node.armed < far_future ? 1 : 0;
    heap.disarm(node);
    heap.disarm(node);  // Twice does no harm.
  }
  CHECK(armed > 0);
  CHECK(heap.size() == 0);
}
