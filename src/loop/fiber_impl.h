// What a Fiber is inside: its state, its node in the timers, its stack. It lies at the top of its
// own stack, so that a parked fiber touches one page.
//
// For this layer only.
#pragma once
#include <cstdint>
#include <string>

#include "loop/context.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "loop/stack_pool.h"
#include "loop/timer_heap.h"

namespace brunt {

class LoopImpl;

enum class FiberState : std::uint8_t {
  ready,    // In the queue of those to be run.
  running,  // On the processor.
  parked,   // In Fiber::park: wake() ends it.
  waiting,  // For an event of this layer (I/O, a group, a helper): notify() ends it, wake() is
            // kept.
};

enum class Woken : std::uint8_t { by_event, by_deadline, by_cancel };

class FiberImpl final : public Fiber, public TimerNode {
 public:
  FiberImpl(LoopImpl& loop, const char* name, Loop::Body body, const Stack& stack);

  static FiberImpl& of(Fiber& fiber) { return static_cast<FiberImpl&>(fiber); }

  // Waits for notify(); may also return by_event for an older notify: look again at what you wait
  // for. Does not wait at all once the fiber is cancelled.
  Woken wait(Instant deadline, const char* why);
  // The same, but only notify() ends it: for bytes that the kernel still uses.
  void wait_uninterruptibly(const char* why);
  // Ends a wait(); nothing if the fiber does not wait.
  void notify();

  // For the loop's turn.
  void make_ready(Woken woken);
  Woken suspend(FiberState state, Instant until, const char* reason);

  LoopImpl& owner;
  const char* name;
  const char* why = "start";
  Loop::Body body;
  FiberContext context;
  Stack stack;
  Instant deadline = far_future;
  FiberImpl* next_ready = nullptr;
  FiberImpl* next = nullptr;  // Of all fibers alive.
  FiberImpl* previous = nullptr;
  FiberState state = FiberState::ready;
  Woken woken = Woken::by_event;
  bool wake_is_kept = false;
  bool is_cancelled = false;
  bool is_interruptible = true;
  bool has_ended = false;
  bool wants_trim = false;  // It is about to sleep long.
  bool is_trimmed = false;  // Since it was suspended.
  Instant suspended_at{};
};

// The error for a wait that ended early: "waiting for a reply: timed out".
std::unexpected<Error> wait_error(Woken woken, const char* why);

}  // namespace brunt
