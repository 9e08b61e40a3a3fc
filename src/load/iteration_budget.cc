#include "load/iteration_budget.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace brunt {

IterationBudget::IterationBudget(std::uint64_t total, Segment segment)
    : segment_(std::move(segment)), total_(segment_.share(total)) {}

std::uint64_t IterationBudget::unclaimed() const {
  return total_ - claimed_.load(std::memory_order_relaxed);
}

IterationBudget::Claimer::Claimer(IterationBudget& budget, std::uint64_t claimers)
    : budget_(budget), claimers_(std::max<std::uint64_t>(claimers, 1)) {}

std::optional<IterationBudget::Claimer::Claim> IterationBudget::Claimer::next() {
  if (next_ == end_) {
    // Relaxed is enough: only the number itself is shared.
    std::uint64_t from = budget_.claimed_.load(std::memory_order_relaxed);
    std::uint64_t chunk = 0;
    do {
      const std::uint64_t left = budget_.total_ - from;
      if (left == 0) return std::nullopt;
      chunk = std::clamp<std::uint64_t>(left / (4 * claimers_), 1, chunk_max);
    } while (
        !budget_.claimed_.compare_exchange_weak(from, from + chunk, std::memory_order_relaxed));
    next_ = from;
    end_ = from + chunk;
  }
  const std::uint64_t taken = next_++;
  return Claim{budget_.segment_.nth(taken), taken};
}

std::uint64_t IterationBudget::Claimer::give_up() {
  const std::uint64_t held = std::exchange(end_, next_) - next_;
  const std::uint64_t claimed =
      budget_.claimed_.exchange(budget_.total_, std::memory_order_relaxed);
  ASSERT(claimed <= budget_.total_);
  return held + (budget_.total_ - claimed);
}

}  // namespace brunt
