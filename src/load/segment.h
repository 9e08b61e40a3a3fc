// An execution segment: the part of a test that one instance runs, so that several processes (or
// machines, or threads) share one test without talking to each other.
//
// Everything that is shared out is numbered: VUs, iterations, arrivals. The segment owns a fixed,
// evenly spread subset of all numbers, each number is owned by exactly one segment of the sequence,
// and so sums over all segments equal the whole exactly, at every instant. Because the subset does
// not depend on the total, a VU count that rises by one rises in exactly one segment and falls in
// none ("no wobble").
//
//   const Segment quarter = TRY(Segment::parse("1/4:2/4", "0,1/4,2/4,3/4,1"));
//   quarter.share(100);   // 25 of 100 VUs are ours
//   quarter.nth(3);       // the number, in the whole test, of our fourth one
//
// A value; immutable; safe to read from any thread. Source: k6's --execution-segment and
// --execution-segment-sequence (half-open (from, to], rationals, percent, decimal).
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace brunt {

class Segment {
 public:
  // The whole test.
  Segment() = default;

  // `text`: `from:to` or a single value for `0:value`; each a fraction (1/4), a percent (25%) or a
  // decimal (0.25), with 0 <= from < to <= 1; empty for the whole. `sequence`: the ascending bounds
  // of all segments, `0,1/4,2/4,1`, among which from and to stand next to each other; when it is
  // empty, what is left and right of the segment is taken as one segment each, as k6 does: that is
  // only exact if every instance would come to the same sequence. Errors: invalid.
  static Result<Segment> parse(std::string_view text, std::string_view sequence = {});

  // The `index`-th of `count` equal parts of this segment: one for each thread of a process.
  // REQUIRES: index < count.
  Segment part(std::uint64_t index, std::uint64_t count) const;

  // How many of the first `total` items are ours. Never falls when `total` grows.
  std::uint64_t share(std::uint64_t total) const;

  // The number, in the whole, of our item `index` (both from 0). REQUIRES: owns_any().
  std::uint64_t nth(std::uint64_t index) const;

  // The segment for items that only those can take who have one of `total` others: arrivals and
  // shared iterations go to segments in proportion to the VUs they have, none to one without VUs.
  Segment in_proportion_to(std::uint64_t total) const;

  bool owns_any() const;
  bool is_whole() const { return levels_.empty(); }
  double fraction() const;  // Of all items; 1 for the whole.

 private:
  // One division of items among owners. The k-th item of each cycle that is ours is offsets[k].
  struct Level {
    std::vector<std::uint64_t> weights;
    std::uint64_t index = 0;
    std::uint64_t cycle = 1;
    std::vector<std::uint32_t> offsets;

    std::uint64_t share(std::uint64_t total) const;
    std::uint64_t nth(std::uint64_t item) const;
  };
  static Level make_level(std::vector<std::uint64_t> weights, std::uint64_t index);
  static std::vector<std::uint64_t> shares_of(const Level& level, std::uint64_t total);

  std::vector<Level> levels_;  // Outermost first; none is the whole.
};

}  // namespace brunt
