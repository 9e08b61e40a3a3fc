#include "loop/fiber_impl.h"

#include <utility>

#include "base/assert.h"
#include "loop/loop_impl.h"

namespace brunt {
FiberImpl::FiberImpl(LoopImpl& loop, const char* its_name, Loop::Body its_body,
                     const Stack& its_stack)
    : owner(loop), name(its_name), body(std::move(its_body)), stack(its_stack) {}

Woken FiberImpl::suspend(FiberState how, Instant until, const char* reason) {
  ASSERT(state == FiberState::running);  // Somebody else's fiber cannot be parked.
  state = how;
  why = reason;
  deadline = until;
  suspended_at = owner.now();
  is_trimmed = false;
  if (until < armed) owner.arm(*this, until);
  context.suspend();
  return woken;
}

Woken FiberImpl::wait(Instant until, const char* reason) {
  if (is_cancelled) return Woken::by_cancel;
  return suspend(FiberState::waiting, until, reason);
}

void FiberImpl::wait_uninterruptibly(const char* reason) {
  is_interruptible = false;
  suspend(FiberState::waiting, far_future, reason);
  is_interruptible = true;
}

void FiberImpl::notify() {
  if (state == FiberState::waiting) make_ready(Woken::by_event);
}

void FiberImpl::make_ready(Woken how) {
  woken = how;
  owner.enqueue(*this);
}

std::unexpected<Error> wait_error(Woken woken, const char* why) {
  if (woken == Woken::by_cancel)
    return fail(ErrorCode::cancelled, std::string(why) + ": cancelled");
  return fail(ErrorCode::timeout, std::string(why) + ": timed out");
}

Result<> Fiber::park(Instant deadline, const char* why) {
  FiberImpl& self = FiberImpl::of(*this);
  if (self.is_cancelled) return wait_error(Woken::by_cancel, why);
  if (std::exchange(self.wake_is_kept, false)) return {};
  const Woken woken = self.suspend(FiberState::parked, deadline, why);
  if (woken != Woken::by_event) return wait_error(woken, why);
  return {};
}

void Fiber::wake() {
  FiberImpl& self = FiberImpl::of(*this);
  if (self.state == FiberState::parked)
    self.make_ready(Woken::by_event);
  else
    self.wake_is_kept = true;
}

void Fiber::cancel() {
  FiberImpl& self = FiberImpl::of(*this);
  self.is_cancelled = true;
  const bool is_suspended = self.state == FiberState::parked || self.state == FiberState::waiting;
  if (is_suspended && self.is_interruptible) self.make_ready(Woken::by_cancel);
}

void Fiber::expire() {
  FiberImpl& self = FiberImpl::of(*this);
  const bool is_suspended = self.state == FiberState::parked || self.state == FiberState::waiting;
  if (is_suspended && self.is_interruptible) self.make_ready(Woken::by_deadline);
}

bool Fiber::cancelled() const {
  return static_cast<const FiberImpl&>(*this).is_cancelled;
}

Result<> Fiber::sleep_until(Instant deadline) {
  FiberImpl& self = FiberImpl::of(*this);
  // As a wait, not a park: a wake() that comes meanwhile is for somebody's later park.
  self.wants_trim = deadline - now() >= long_wait;
  const Woken woken = self.wait(deadline, "sleeping");
  self.wants_trim = false;
  if (woken == Woken::by_cancel) return wait_error(woken, "sleeping");
  return {};
}

Instant Fiber::now() const {
  return static_cast<const FiberImpl&>(*this).owner.now();
}

Loop& Fiber::loop() const {
  return static_cast<const FiberImpl&>(*this).owner;
}

}  // namespace brunt
