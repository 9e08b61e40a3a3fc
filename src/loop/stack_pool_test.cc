// Stacks with each kind of guard. An overflow is tried in a child process, which must die of it.
#include "loop/stack_pool.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <vector>

#include "loop/loop.h"

using namespace brunt;
using namespace std::chrono_literals;

namespace {

std::vector<Stack> take(StackPool& pool, std::size_t count) {
  std::vector<Stack> stacks;
  for (std::size_t i = 0; i < count; ++i) {
    auto stack = pool.take();
    REQUIRE_MESSAGE(stack.has_value(), stack.error().text);
    stacks.push_back(*stack);
  }
  return stacks;
}

void give_back(StackPool& pool, const std::vector<Stack>& stacks) {
  for (const Stack& stack : stacks) pool.give_back(stack);
}

// The signal that a child dies of when it writes at `place`; 0 if it lives.
int signal_of_write(std::byte* place) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    std::signal(SIGSEGV, SIG_DFL);  // A sanitizer would report it instead.
    *static_cast<volatile std::byte*>(place) = std::byte{1};
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

// A sanitizer's shadow is no measure of what a fiber keeps.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
std::size_t resident_bytes() {
  std::size_t pages = 0;
  std::size_t resident = 0;
  std::FILE* const file = std::fopen("/proc/self/statm", "r");
  REQUIRE(file != nullptr);
  REQUIRE(std::fscanf(file, "%zu %zu", &pages, &resident) == 2);
  std::fclose(file);
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

// Ninety-six KiB of calls, as a script's engine makes them.
[[gnu::noinline]] void go_deep(int levels) {
  volatile char frame[4096];
  frame[0] = 1;
  if (levels > 0) go_deep(levels - 1);
  frame[1] = frame[0];
}
#endif

}  // namespace

TEST_CASE("writing below a stack faults, by marker and by mapping, and not within it") {
  for (const StackGuard guard : {StackGuard::marker, StackGuard::mapping}) {
    StackPool pool({.stack_bytes = 64u << 10u, .best_guard = guard});
    const auto stacks = take(pool, 3);
    for (const Stack& stack : stacks) {
      CHECK(stack.guard != StackGuard::canary);
      CHECK(signal_of_write(stack.bottom - 1) == SIGSEGV);
      CHECK(signal_of_write(stack.bottom) == 0);
      CHECK(signal_of_write(stack.top - 1) == 0);
    }
    give_back(pool, stacks);
  }
}

TEST_CASE("beyond the number of guarded stacks a canary tells that the stack above overflowed") {
  StackPool pool(
      {.stack_bytes = 64u << 10u, .best_guard = StackGuard::mapping, .mapping_guards_max = 64});
  const auto stacks = take(pool, 70);
  CHECK(stacks[63].guard == StackGuard::mapping);
  REQUIRE(stacks[64].guard == StackGuard::canary);
  REQUIRE(stacks[65].bottom > stacks[64].top);
  CHECK(pool.is_intact(stacks[64]));
  stacks[65].bottom[0] = std::byte{1};  // The last byte of its own: still its own.
  CHECK(pool.is_intact(stacks[64]));
  stacks[65].bottom[-1] = std::byte{1};  // One too deep.
  CHECK(!pool.is_intact(stacks[64]));
  CHECK(pool.is_intact(stacks[65]));
  give_back(pool, stacks);
  const auto again = take(pool, 70);  // A stack that is taken again starts sound.
  for (const Stack& stack : again) CHECK(pool.is_intact(stack));
  give_back(pool, again);
}

TEST_CASE("tops are aligned for calls and lie on different lines of the cache") {
  StackPool pool({});
  const auto stacks = take(pool, 16);
  std::set<std::uintptr_t> offsets;
  for (const Stack& stack : stacks) {
    const auto top = reinterpret_cast<std::uintptr_t>(stack.top);
    CHECK(top % 64 == 0);
    offsets.insert(top % 4096);
  }
  CHECK(offsets.size() == 16);
  give_back(pool, stacks);
}

TEST_CASE("a pool without room names vm.max_map_count") {
  StackPool pool({.stack_bytes = std::size_t{1} << 46u});
  const auto stack = pool.take();
  REQUIRE(!stack);
  CHECK(stack.error().code == ErrorCode::exhausted);
  CHECK(stack.error().text.find("vm.max_map_count") != std::string::npos);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_CASE("fibers that wait long keep two pages at most, however deep they went") {
  constexpr std::size_t count = 2'000;
  for (const bool knows_how_long : {true, false}) {
    CAPTURE(knows_how_long);
    auto loop = Loop::create({.backend = BackendKind::simulated});
    REQUIRE(loop);
    const std::size_t before = resident_bytes();
    std::vector<Fiber*> fibers;
    for (std::size_t i = 0; i < count; ++i)
      fibers.push_back(*(*loop)->spawn("deep", [&](Fiber& self) {
        go_deep(24);
        if (knows_how_long)
          REQUIRE(self.sleep(30s));
        else
          REQUIRE(self.park(far_future, "bench"));
      }));
    REQUIRE((*loop)->spawn("meter", [&](Fiber& self) {
      while (self.now() < Instant(20s)) REQUIRE(self.sleep(50ms));
      CHECK((resident_bytes() - before) / count <= 9u << 10u);
      for (Fiber* const fiber : fibers) fiber->wake();
    }));
    (*loop)->run();
  }
}
#endif
