#include "loop/stack_pool.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/assert.h"

namespace brunt {
namespace {

constexpr std::size_t stacks_per_block = 64;
constexpr int guard_install = 102;  // MADV_GUARD_INSTALL, younger than Debian 12's headers.
constexpr std::size_t cache_line = 64;
// Stacks lie a power of two apart: without an offset the hot frames of all fibers would fight for
// the same few sets of the first-level cache. 16 lines spread them and cost 512 bytes on average.
constexpr std::size_t stagger_lines = 16;
constexpr std::size_t canary_bytes = cache_line;
constexpr std::uint64_t canary_word = 0x5bd1'e995'c0de'f1b5;

std::unexpected<Error> no_room(const char* call, int number) {
  return fail(ErrorCode::exhausted,
              std::string("no room for another fiber's stack: ") + errno_error(call, number).text +
                  "; raise vm.max_map_count (sysctl) or the address space limit (ulimit -v), or "
                  "use several processes");
}

void write_canary(std::byte* end) {
  for (std::size_t offset = 0; offset < canary_bytes; offset += sizeof canary_word)
    std::memcpy(end - canary_bytes + offset, &canary_word, sizeof canary_word);
}

}  // namespace

StackPool::StackPool(const StackPoolOptions& options)
    : options_(options),
      guard_(options.best_guard),
      page_bytes_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))),
      stack_bytes_((options.stack_bytes + page_bytes_ - 1) / page_bytes_ * page_bytes_) {
  ASSERT(stack_bytes_ >= 4 * page_bytes_);
}

StackPool::~StackPool() {
  ASSERT(taken_ == 0);
  for (const Block& block : blocks_) munmap(block.start, block.bytes);
}

Result<Stack> StackPool::take() {
  if (free_.empty()) TRY(add_block());
  const Stack stack = free_.back();
  free_.pop_back();
  ++taken_;
  if (stack.guard == StackGuard::canary) write_canary(end_of(stack));
  return stack;
}

void StackPool::give_back(const Stack& stack) {
  --taken_;
  if (free_.size() >= options_.warm_max)
    madvise(stack.bottom, static_cast<std::size_t>(end_of(stack) - stack.bottom), MADV_DONTNEED);
  free_.push_back(stack);
}

Result<> StackPool::add_block() {
  std::size_t bytes = 0;
  if (__builtin_mul_overflow(stack_bytes_, stacks_per_block, &bytes))
    return no_room("mmap", ENOMEM);
  void* const memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return no_room("mmap", errno);
  // A huge page under one touched stack would cost 2 MiB instead of 4 KiB.
  madvise(memory, bytes, MADV_NOHUGEPAGE);
  auto* const start = static_cast<std::byte*>(memory);
  blocks_.push_back({start, bytes});
  const StackGuard guard = install_guards(start);
  // Backwards, because take() takes from the end: low addresses first.
  for (std::size_t i = stacks_per_block; i-- > 0;) {
    const std::size_t number = stacks_made_ + i;
    std::byte* const lowest = start + i * stack_bytes_;
    free_.push_back(
        {.bottom = guard == StackGuard::canary ? lowest : lowest + page_bytes_,
         .top = lowest + stack_bytes_ - canary_bytes - (number % stagger_lines) * cache_line,
         .number = static_cast<std::uint32_t>(number),
         .guard = guard});
  }
  stacks_made_ += stacks_per_block;
  return {};
}

StackGuard StackPool::install_guards(std::byte* start) {
  if (guard_ == StackGuard::marker && madvise(start, page_bytes_, guard_install) != 0)
    guard_ = StackGuard::mapping;
  if (guard_ == StackGuard::mapping &&
      stacks_made_ + stacks_per_block > options_.mapping_guards_max)
    guard_ = StackGuard::canary;
  if (guard_ == StackGuard::canary) return guard_;
  for (std::size_t i = 0; i < stacks_per_block; ++i) {
    std::byte* const page = start + i * stack_bytes_;
    const int rc = guard_ == StackGuard::marker ? madvise(page, page_bytes_, guard_install)
                                                : mprotect(page, page_bytes_, PROT_NONE);
    if (rc == 0) continue;
    // Out of mappings in the middle: take the guards of this block away again, it must be uniform.
    mprotect(start, stacks_per_block * stack_bytes_, PROT_READ | PROT_WRITE);
    guard_ = StackGuard::canary;
    break;
  }
  return guard_;
}

std::byte* StackPool::end_of(const Stack& stack) const {
  return stack.top + canary_bytes + (stack.number % stagger_lines) * cache_line;
}

bool StackPool::canary_holds(const Stack& stack) const {
  std::array<std::uint64_t, canary_bytes / sizeof canary_word> words{};
  std::memcpy(words.data(), end_of(stack) - canary_bytes, canary_bytes);
  return std::ranges::all_of(words, [](std::uint64_t word) { return word == canary_word; });
}

void StackPool::trim(const Stack& stack, const std::byte* used_from) {
  const auto offset =
      static_cast<std::size_t>(used_from - stack.bottom) / page_bytes_ * page_bytes_;
  if (offset > 0) madvise(stack.bottom, offset, MADV_DONTNEED);
}

}  // namespace brunt
