#include "load/even_spread.h"

#include <algorithm>
#include <numeric>

#include "base/assert.h"

namespace brunt {
namespace {

std::uint64_t common_divisor(std::span<const std::uint64_t> weights) {
  std::uint64_t divisor = 0;
  for (const std::uint64_t weight : weights) divisor = std::gcd(divisor, weight);
  return divisor;
}

struct Item {
  std::uint64_t twice_centre;  // 2k + 1: the item is wanted at (2k + 1) / (2 * weight).
  std::uint64_t weight;
  std::uint32_t owner;
};

}  // namespace

std::uint64_t even_spread_cycle(std::span<const std::uint64_t> weights) {
  const std::uint64_t divisor = common_divisor(weights);
  if (divisor == 0) return 0;
  std::uint64_t cycle = 0;
  for (const std::uint64_t weight : weights) {
    // Saturates: a sum that wraps around would look short.
    if (weight / divisor > ~std::uint64_t{0} - cycle) return ~std::uint64_t{0};
    cycle += weight / divisor;
  }
  return cycle;
}

std::vector<std::uint32_t> even_spread(std::span<const std::uint64_t> weights) {
  const std::uint64_t cycle = even_spread_cycle(weights);
  ASSERT(cycle <= even_spread_cycle_max);
  const std::uint64_t divisor = common_divisor(weights);
  std::vector<Item> items;
  items.reserve(cycle);
  for (std::size_t owner = 0; owner < weights.size(); ++owner) {
    const std::uint64_t weight = divisor == 0 ? 0 : weights[owner] / divisor;
    for (std::uint64_t k = 0; k < weight; ++k)
      items.push_back({2 * k + 1, weight, static_cast<std::uint32_t>(owner)});
  }
  std::sort(items.begin(), items.end(), [](const Item& a, const Item& b) {
    const std::uint64_t left = a.twice_centre * b.weight;
    const std::uint64_t right = b.twice_centre * a.weight;
    return left != right ? left < right : a.owner < b.owner;
  });
  std::vector<std::uint32_t> owners;
  owners.reserve(items.size());
  for (const Item& item : items) owners.push_back(item.owner);
  return owners;
}

}  // namespace brunt
