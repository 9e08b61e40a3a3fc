#include "load/iteration_budget.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <mutex>
#include <thread>
#include <vector>

namespace brunt {

TEST_CASE("one claimer gets every number in order and then nothing") {
  IterationBudget budget(1000, {});
  IterationBudget::Claimer claimer(budget);
  for (std::uint64_t i = 0; i < 1000; ++i) CHECK(claimer.next()->index == i);
  CHECK(!claimer.next());
  CHECK(claimer.give_up() == 0);
}

TEST_CASE("giving up returns what was not taken, once") {
  IterationBudget budget(1000, {});
  IterationBudget::Claimer first(budget, 2), second(budget, 2);
  for (int i = 0; i < 10; ++i) CHECK(first.next());
  CHECK(second.next());
  CHECK(first.give_up() + second.give_up() == 1000 - 11);
  CHECK(!first.next());
  CHECK(!second.next());
  CHECK(first.give_up() + second.give_up() == 0);
}

TEST_CASE("near the end chunks are so small that nobody holds work back") {
  IterationBudget budget(10, {});
  IterationBudget::Claimer first(budget, 2), second(budget, 2);
  CHECK(first.next());
  std::uint64_t others = 0;
  while (second.next()) ++others;
  CHECK(others >= 9);
}

TEST_CASE("a segment takes its share, with numbers of the whole test") {
  IterationBudget budget(10, Segment::parse("1/2:1", "0,1/2,1").value());
  CHECK(budget.total() == 5);
  IterationBudget::Claimer claimer(budget);
  for (std::uint64_t i = 0; i < 5; ++i) {
    const auto claim = claimer.next();
    CHECK(claim->index == 2 * i + 1);
    CHECK(claim->index_in_instance == i);
  }
  CHECK(!claimer.next());
}

TEST_CASE("threads together get every number exactly once") {
  IterationBudget budget(100'000, {});
  std::vector<std::uint64_t> taken;
  std::mutex mutex;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 3; ++i)
      threads.emplace_back([&] {
        IterationBudget::Claimer claimer(budget, 3);
        std::vector<std::uint64_t> own;
        while (const auto claim = claimer.next()) own.push_back(claim->index);
        const std::scoped_lock lock(mutex);
        taken.insert(taken.end(), own.begin(), own.end());
      });
  }
  std::sort(taken.begin(), taken.end());
  REQUIRE(taken.size() == 100'000);
  CHECK(std::adjacent_find(taken.begin(), taken.end()) == taken.end());
}

}  // namespace brunt
