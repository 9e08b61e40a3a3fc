// Stacks for fibers: address space in blocks, of which only touched pages cost memory.
//
// Below each stack lies a guard page, so that an overflow faults instead of corrupting a neighbour.
// Three ways, best first:
//   marker   MADV_GUARD_INSTALL (Linux 6.13): guard pages that cost no mapping. No limit.
//   mapping  mprotect: each stack makes two mappings, and vm.max_map_count (65,530) ends them near
//            32,000 stacks. Used for the first 16,384 where markers are not known.
//   canary   No guard page; 64 known bytes at each stack's top, which the overflow of the stack
//            above it tramples on first, and which are checked at every resume.
//
// Keeps stacks for reuse. One thread. For loop.cc only.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/result.h"

namespace brunt {

enum class StackGuard : std::uint8_t { marker, mapping, canary };

struct Stack {
  std::byte* bottom = nullptr;  // The lowest address that may be used.
  std::byte* top = nullptr;     // The highest; staggered, and below the canary.
  std::uint32_t number = 0;
  StackGuard guard = StackGuard::canary;
};

struct StackPoolOptions {
  std::size_t stack_bytes = 256u << 10u;  // Rounded up to pages; with the guard page.
  StackGuard best_guard = StackGuard::marker;
  std::size_t mapping_guards_max = 16'384;  // Half of vm.max_map_count's default, in stacks.
  std::size_t warm_max = 1'024;  // Free stacks that keep their pages: a burst's memory goes back.
};

class StackPool {
 public:
  explicit StackPool(const StackPoolOptions& options);
  ~StackPool();

  // Errors: exhausted; the text names vm.max_map_count.
  Result<Stack> take();
  void give_back(const Stack& stack);

  // False if the stack above has overflowed into this one. True of all but canary stacks.
  bool is_intact(const Stack& stack) const {
    return stack.guard != StackGuard::canary || canary_holds(stack);
  }

  // Gives the pages of a parked fiber's stack that lie wholly below `used_from` back to the kernel:
  // about 0.6 us when none was touched, and 2 us for each page that is touched again later.
  void trim(const Stack& stack, const std::byte* used_from);

  std::size_t taken() const { return taken_; }

  StackPool(const StackPool&) = delete;
  StackPool& operator=(const StackPool&) = delete;

 private:
  struct Block {
    std::byte* start;
    std::size_t bytes;
  };

  Result<> add_block();
  StackGuard install_guards(std::byte* start);
  bool canary_holds(const Stack& stack) const;
  std::byte* end_of(const Stack& stack) const;

  StackPoolOptions options_;
  StackGuard guard_;  // For the next block.
  std::size_t page_bytes_;
  std::size_t stack_bytes_;
  std::size_t stacks_made_ = 0;
  std::size_t taken_ = 0;
  std::vector<Block> blocks_;
  std::vector<Stack> free_;
};

}  // namespace brunt
