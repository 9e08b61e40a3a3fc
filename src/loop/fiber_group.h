// Fibers that belong together: start several, wait for all of them, cancel the rest.
//
//   FiberGroup group(self.loop());
//   for (auto& url : urls) TRY(group.spawn("fetch", [&](Fiber& fiber) { fetch(fiber, url); }));
//   group.join(self);
#pragma once
#include <vector>

#include "loop/loop.h"

namespace brunt {

class FiberGroup {
 public:
  explicit FiberGroup(Loop& loop) : loop_(loop) {}
  ~FiberGroup();  // REQUIRES: nobody of the group is alive: join() first.

  Result<> spawn(const char* name, Loop::Body body);

  // Parks until every member has ended. When `self` is cancelled meanwhile, the members are too,
  // and it still waits for them to end. Errors: cancelled.
  Result<> join(Fiber& self);

  // The same, but at `deadline` the members that are left are cancelled (and waited for). Errors:
  // timeout, cancelled.
  Result<> join_until(Fiber& self, Instant deadline);

  void cancel();
  std::size_t alive() const { return members_.size(); }

  FiberGroup(const FiberGroup&) = delete;
  FiberGroup& operator=(const FiberGroup&) = delete;

 private:
  Loop& loop_;
  struct Member {
    Fiber* fiber;
    std::size_t* place;  // Its index here; the member's own.
  };
  std::vector<Member> members_;
  Fiber* waiter_ = nullptr;
};

}  // namespace brunt
