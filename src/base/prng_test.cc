#include "base/prng.h"

#include <doctest/doctest.h>

namespace brunt {

TEST_CASE("one seed gives one sequence and a split gives another") {
  Prng a(7);
  Prng b(7);
  Prng other = a.split(1);
  Prng same = b.split(1);
  for (int i = 0; i < 100; ++i) {
    CHECK(a.next() == b.next());
    CHECK(other.next() == same.next());
  }
  CHECK(Prng(7).split(1).next() != Prng(7).split(2).next());
}

TEST_CASE("between reaches both ends and nothing beyond") {
  Prng prng(1);
  bool low = false;
  bool high = false;
  for (int i = 0; i < 1000; ++i) {
    const auto value = prng.between(std::int64_t{-2}, std::int64_t{2});
    REQUIRE(value >= -2);
    REQUIRE(value <= 2);
    low |= value == -2;
    high |= value == 2;
  }
  CHECK(low);
  CHECK(high);
}

TEST_CASE("uniform and exponential have the means they promise") {
  Prng prng(3);
  double uniform = 0;
  double exponential = 0;
  constexpr int draws = 200'000;
  for (int i = 0; i < draws; ++i) {
    uniform += prng.uniform();
    exponential += prng.exponential(10);
  }
  CHECK(uniform / draws == doctest::Approx(0.5).epsilon(0.01));
  CHECK(exponential / draws == doctest::Approx(10).epsilon(0.01));
}

}  // namespace brunt
