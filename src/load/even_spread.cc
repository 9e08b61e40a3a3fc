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
  struct Share {
    std::uint64_t weight;
    std::uint32_t owner;
    std::uint64_t taken = 0;
  };
  std::vector<Share> shares;
  for (std::size_t owner = 0; owner < weights.size(); ++owner)
    if (weights[owner] > 0)
      shares.push_back(
          {.weight = weights[owner] / divisor, .owner = static_cast<std::uint32_t>(owner)});
  std::ranges::stable_sort(shares, std::ranges::greater(), &Share::weight);
  std::vector<std::uint32_t> owners;
  owners.reserve(cycle);
  for (std::uint64_t item = 0; item < cycle; ++item) {
    // There is always one: before item i, i items are taken, fewer than are due by then.
    const auto due = std::ranges::find_if(
        shares, [&](const Share& share) { return share.taken * cycle <= item * share.weight; });
    ASSERT(due != shares.end());
    ++due->taken;
    owners.push_back(due->owner);
  }
  return owners;
}

}  // namespace brunt
