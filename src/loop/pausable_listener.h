// What the listeners of the real backends share: whether they are paused, and who waits for the end
// of it. For this layer only.
#pragma once
#include "loop/fiber_impl.h"
#include "loop/socket.h"

namespace brunt {

class PausableListener {
 public:
  PausableListener(int socket, const ListenOptions& options) : options_(options) {
    if (options.at.family() != AF_UNIX) options_.at = local_of(socket);
  }

  const ListenOptions& options() const { return options_; }  // With the port that the kernel chose.
  bool paused() const { return is_paused_; }

  Result<> pause(Descriptor& socket) {
    if (is_paused_) return {};
    if (!options_.pausable)
      return fail(ErrorCode::unsupported, "this listener was not made to be paused");
    TRY(pause_listener(socket, options_.at));
    is_paused_ = true;
    return {};
  }

  Result<> resume(Descriptor& socket) {
    if (!is_paused_) return {};
    TRY(resume_listener(socket, options_));
    is_paused_ = false;
    if (waiter_ != nullptr) waiter_->notify();
    return {};
  }

  // Parks while it is paused.
  Result<> wait_until_resumed(Fiber& self, Instant deadline) {
    while (is_paused_) {
      waiter_ = &FiberImpl::of(self);
      const Woken woken = waiter_->wait(deadline, "accept");
      waiter_ = nullptr;
      if (woken != Woken::by_event) return wait_error(woken, "accept");
    }
    return {};
  }

 private:
  ListenOptions options_;
  bool is_paused_ = false;
  FiberImpl* waiter_ = nullptr;
};

}  // namespace brunt
