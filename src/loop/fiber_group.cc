#include "loop/fiber_group.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "loop/fiber_impl.h"

namespace brunt {

FiberGroup::~FiberGroup() {
  ASSERT(members_.empty());
}

Result<> FiberGroup::spawn(const char* name, Loop::Body body) {
  // Leaves the group whichever way the body ends, by an exception too.
  struct Leave {
    FiberGroup& group;
    Fiber& fiber;
    ~Leave() {
      // The order is nobody's business: 15,000 that end together would each move all others.
      *std::find(group.members_.begin(), group.members_.end(), &fiber) = group.members_.back();
      group.members_.pop_back();
      if (group.waiter_ != nullptr && group.members_.empty())
        FiberImpl::of(*group.waiter_).notify();
    }
  };
  Fiber* const fiber = TRY(loop_.spawn(name, [this, body = std::move(body)](Fiber& self) mutable {
    const Leave leave{*this, self};
    body(self);
  }));
  members_.push_back(fiber);
  return {};
}

Result<> FiberGroup::join(Fiber& self) {
  return join_until(self, far_future);
}

Result<> FiberGroup::join_until(Fiber& self, Instant deadline) {
  FiberImpl& waiter = FiberImpl::of(self);
  waiter_ = &self;
  Woken ended_by = Woken::by_event;
  while (!members_.empty() && ended_by == Woken::by_event)
    ended_by = waiter.wait(deadline, "join a group");
  if (!members_.empty()) {
    cancel();
    while (!members_.empty()) waiter.wait_uninterruptibly("join a cancelled group");
  }
  waiter_ = nullptr;
  if (ended_by == Woken::by_event) return {};
  return wait_error(ended_by, "join a group");
}

void FiberGroup::cancel() {
  for (Fiber* const member : members_) member->cancel();
}

}  // namespace brunt
