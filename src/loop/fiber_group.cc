#include "loop/fiber_group.h"

#include <memory>
#include <utility>

#include "base/assert.h"
#include "loop/fiber_impl.h"

namespace brunt {

FiberGroup::~FiberGroup() {
  ASSERT(members_.empty());
}

Result<> FiberGroup::spawn(const char* name, Loop::Body body) {
  // Leaves the group whichever way the body ends, by an exception too. It knows its place: 15,000
  // that end together would each look through all others.
  struct Leave {
    FiberGroup& group;
    std::size_t& place;
    ~Leave() {
      group.members_[place] = group.members_.back();
      *group.members_[place].place = place;
      group.members_.pop_back();
      if (group.waiter_ != nullptr && group.members_.empty())
        FiberImpl::of(*group.waiter_).notify();
    }
  };
  auto place = std::make_unique<std::size_t>(members_.size());
  std::size_t* const known = place.get();
  Fiber* const fiber = TRY(loop_.spawn(
      name, [this, place = std::move(place), body = std::move(body)](Fiber& self) mutable {
        const Leave leave{*this, *place};
        body(self);
      }));
  members_.push_back({fiber, known});
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
  for (const Member& member : members_) member.fiber->cancel();
}

}  // namespace brunt
