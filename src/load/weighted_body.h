// One body made of several: each iteration runs one of them, in proportion to their weights.
//
// Which one is a pure function of the iteration's number (even_spread.h), so it does not depend on
// timing and adds up over segments: weights 3 and 1 give a b a a, a b a a, …. Every VU starts every
// part, in the order they were added, as each part has its own state.
#pragma once
#include <cstdint>
#include <vector>

#include "load/vu.h"

namespace brunt {

class WeightedBody : public VuBody {
 public:
  struct Part {
    VuBody* body = nullptr;  // Must outlive us.
    std::uint64_t weight = 1;
  };

  // Errors: invalid (no parts, all weights 0, or weights whose cycle is too long).
  static Result<WeightedBody> create(std::vector<Part> parts);

  // Which part runs iteration `index`.
  std::size_t part_of(std::uint64_t index) const;

  Result<> start_vu(Fiber& self, Vu& vu) override;
  IterationEnd run(Fiber& self, Vu& vu, const Iteration& iteration) override;
  void end_vu(Fiber& self, Vu& vu) override;

 private:
  explicit WeightedBody(std::vector<Part> parts, std::vector<std::uint32_t> cycle);

  std::vector<Part> parts_;
  std::vector<std::uint32_t> cycle_;
};

}  // namespace brunt
