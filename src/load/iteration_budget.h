// A number of iterations that VUs take one by one: shared-iterations, over all threads of a
// process.
//
// Threads claim chunks from one atomic counter; a chunk is at most `chunk_max` and gets smaller
// towards the end, so that no thread sits on work while another is idle. Numbers come out unique
// and, taken together, without gaps.
//
//   IterationBudget budget(100'004, segment);            // one a process
//   IterationBudget::Claimer claimer(budget, threads);   // one a thread
//   while (auto index = claimer.next()) …
//   dropped = claimer.give_up();                         // when the time is over
#pragma once
#include <atomic>
#include <cstdint>
#include <optional>

#include "load/segment.h"

namespace brunt {

class IterationBudget {
 public:
  static constexpr std::uint64_t chunk_max = 64;  // One atomic operation in 64 iterations.

  // `total` in the whole test, of which the segment's share is here.
  IterationBudget(std::uint64_t total, Segment segment);

  std::uint64_t total() const { return total_; }  // Of this process.
  std::uint64_t unclaimed() const;

  class Claimer {
   public:
    // The budget must outlive it. `claimers`: how many there are.
    explicit Claimer(IterationBudget& budget, std::uint64_t claimers = 1);

    struct Claim {
      std::uint64_t index = 0;              // In the whole test.
      std::uint64_t index_in_instance = 0;  // In this process.
    };
    std::optional<Claim> next();

    // Takes all that nobody has claimed, plus what this claimer still holds, out of the budget:
    // nobody gets any of it. Returns how many these are.
    std::uint64_t give_up();

   private:
    IterationBudget& budget_;
    std::uint64_t claimers_;
    std::uint64_t next_ = 0, end_ = 0;
  };

  IterationBudget(const IterationBudget&) = delete;
  IterationBudget& operator=(const IterationBudget&) = delete;

 private:
  Segment segment_;
  std::uint64_t total_;
  std::atomic<std::uint64_t> claimed_{0};
};

}  // namespace brunt
