// A fiber: a function that can wait. Whoever holds a `Fiber&` may park; nobody else can.
//
// Each fiber runs on one loop, one thread, for its whole life, on a stack of its own (256 KiB of
// address space; only touched pages cost memory). Between two parks it runs uninterrupted, so data
// of the same loop needs no locks. Do not park in a destructor, in a noexcept function, or while
// another fiber may change what you iterate over. Destroying a parked fiber is a bug: cancel it and
// let it finish (docs/internals/fibers.md).
#pragma once
#include "base/result.h"
#include "base/time.h"

namespace brunt {

class Loop;

class Fiber {
 public:
  // Waits for wake(), at most until `deadline`. `why` is a literal, shown by Loop::describe().
  // Errors: timeout, cancelled.
  Result<> park(Instant deadline, const char* why);

  // Makes the current park return. A wake before the park is kept, once. Same thread only.
  void wake();

  // Makes this and every later park return `cancelled`, so that the fiber winds down. Same thread
  // only.
  void cancel();
  bool cancelled() const;

  // Makes the current wait end as if its deadline had come: a park, a receive(). For another fiber
  // to look again at what has changed; nothing if it does not wait. Not during a send(), which a
  // time-out spoils. Same thread only.
  void expire();

  // Parks until `deadline` for its own sake. Errors: cancelled (a time-out is what was wanted).
  Result<> sleep_until(Instant deadline);
  Result<> sleep(Duration duration) { return sleep_until(now() + duration); }

  // The loop's clock, read once per turn; virtual under simulation.
  Instant now() const;

  Loop& loop() const;

  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

 protected:
  Fiber() = default;
  ~Fiber() = default;
};

}  // namespace brunt
