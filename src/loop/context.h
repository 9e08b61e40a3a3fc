// The switch between the loop's own stack and a fiber's, and what must be switched with it: the
// C++ run-time's record of exceptions being handled, and what the sanitizers know of stacks.
//
// For loop.cc only. Source: docs/internals/fibers.md.
#pragma once
#include <cstddef>
#include <cstdint>

namespace brunt {

// As the Itanium C++ ABI lays out __cxa_eh_globals (section 2.2.2). Two fibers parked inside
// `catch` would exchange their exceptions if this were not switched.
struct ExceptionState {
  void* caught = nullptr;
  unsigned uncaught = 0;
};

// The stack of the thread that runs the loop.
struct MainContext {
  void* context = nullptr;
  ExceptionState* exceptions = nullptr;  // The thread's, where the run-time looks.
  const void* stack_bottom = nullptr;    // For AddressSanitizer.
  std::size_t stack_bytes = 0;
  void* fake_stack = nullptr;
  void* tsan_fiber = nullptr;

  void adopt_this_thread();
};

class FiberContext {
 public:
  using Entry = void (*)(void* argument);

  // `top` is the highest address the fiber may use, `bottom` the lowest. `entry` must end in
  // finish().
  void prepare(std::byte* bottom, std::byte* top, Entry entry, void* argument);

  // From the loop: runs the fiber until it suspends or finishes.
  void resume(MainContext& main);

  // From the fiber: back to the loop.
  void suspend();
  [[noreturn]] void finish();

  // After finish(), from the loop.
  void release();

  // Where the stack of a suspended fiber ends: nothing below is in use.
  const std::byte* saved_at() const { return static_cast<const std::byte*>(context_); }

 private:
  void* context_ = nullptr;
  MainContext* main_ = nullptr;
  ExceptionState exceptions_;
  Entry entry_ = nullptr;
  void* argument_ = nullptr;
  // Of use to sanitizers only, and small: so that the layout is one in all builds.
  std::byte* bottom_ = nullptr;
  std::size_t bytes_ = 0;
  void* fake_stack_ = nullptr;
  void* tsan_fiber_ = nullptr;

  friend struct FiberEntry;
};

}  // namespace brunt
