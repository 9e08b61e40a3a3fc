// Lays shares out evenly: which of several owners has item 0, 1, 2, … of an endless row, so that
// each owner's items are as far apart as they can be and every cycle gives each exactly its weight.
//
//   even_spread({3, 1})   // 0 1 0 0: owner 1 has every fourth item
//
// Used for execution segments (who runs which VU, which arrival) and for weighted scenarios (which
// body runs which iteration). The k-th item (from 0) of an owner is due from number k / weight of
// the cycle on; each number goes to the heaviest owner that has one due, of equal ones to the
// first. So a segment here has the very iterations that it has in k6, and the two can share a test.
// Source: k6, the striping of execution segments.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace brunt {

// The longest cycle that is laid out: a million items take 4 MB and a tenth of a second.
inline constexpr std::uint64_t even_spread_cycle_max = 1'000'000;

// One cycle: element i is the owner of item i. The weights are divided by their greatest common
// divisor first. Owners of weight 0 get nothing. Empty when all weights are 0.
// REQUIRES: the sum of the divided weights is at most even_spread_cycle_max.
std::vector<std::uint32_t> even_spread(std::span<const std::uint64_t> weights);

// The length even_spread() would give.
std::uint64_t even_spread_cycle(std::span<const std::uint64_t> weights);

}  // namespace brunt
