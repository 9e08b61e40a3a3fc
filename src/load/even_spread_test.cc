#include "load/even_spread.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>

namespace brunt {

using Owners = std::vector<std::uint32_t>;

TEST_CASE("items of each owner lie as far apart as they can") {
  const std::pair<std::vector<std::uint64_t>, Owners> rows[] = {
      {{1}, {0}},
      {{7}, {0}},  // Reduced: one owner has everything.
      {{1, 1}, {0, 1}},
      {{500, 500}, {0, 1}},
      {{3, 1}, {0, 1, 0, 0}},
      {{1, 0, 1}, {0, 2}},
      {{2, 1, 1}, {0, 1, 0, 2}},
      {{}, {}},
      {{0, 0}, {}},
  };
  for (const auto& [weights, expected] : rows) CHECK(even_spread(weights) == expected);
}

TEST_CASE("every cycle gives each owner its weight, and no prefix is off by more than one") {
  const std::vector<std::uint64_t> weights = {50, 30, 13, 6, 1};
  const Owners owners = even_spread(weights);
  const double cycle = 100;
  REQUIRE(owners.size() == 100);
  std::vector<double> seen(weights.size(), 0);
  for (std::size_t item = 0; item < owners.size(); ++item) {
    seen[owners[item]] += 1;
    for (std::size_t owner = 0; owner < weights.size(); ++owner) {
      const double wanted = static_cast<double>(weights[owner] * (item + 1)) / cycle;
      CHECK(std::abs(seen[owner] - wanted) <= 1.5);
    }
  }
  for (std::size_t owner = 0; owner < weights.size(); ++owner)
    CHECK(seen[owner] == static_cast<double>(weights[owner]));
}

TEST_CASE("the length of a cycle is known without laying it out, and saturates") {
  const std::uint64_t most = ~std::uint64_t{0};
  CHECK(even_spread_cycle(std::vector<std::uint64_t>{6, 4}) == 5);
  CHECK(even_spread_cycle(std::vector<std::uint64_t>{most, most - 1}) == most);
  CHECK(even_spread_cycle(std::vector<std::uint64_t>{}) == 0);
}

}  // namespace brunt
