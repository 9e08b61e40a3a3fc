// A small process that outlives us by a moment: it does what must be done when we die without a
// word (SIGKILL), and nothing when it is dismissed. For this layer only.
//
//   auto guard = TRY(OrphanGuard::start({.orphaned = [pid] { kill(pid, SIGCONT); }}));
//   guard.dismiss();
#pragma once
#include <sys/types.h>

#include <functional>
#include <utility>

#include "base/result.h"
#include "net/owned_descriptor.h"

namespace brunt {

struct Pipe {
  OwnedDescriptor read_end, write_end;
};

// Closed by an exec. Errors: exhausted, io.
Result<Pipe> make_pipe();

// Done in the guard, between a fork and its end: async-signal-safe calls only.
struct GuardWork {
  std::function<void()> first;     // As it begins; may be empty.
  std::function<void()> orphaned;  // When the last copy of the leash is closed.
};

class OrphanGuard {
 public:
  OrphanGuard() = default;  // None.
  OrphanGuard(OrphanGuard&& other) noexcept
      : pid_(std::exchange(other.pid_, 0)), leash_(std::move(other.leash_)) {}
  OrphanGuard& operator=(OrphanGuard&& other) noexcept {
    pid_ = std::exchange(other.pid_, 0);
    leash_ = std::move(other.leash_);
    return *this;
  }

  // Errors: exhausted, io.
  static Result<OrphanGuard> start(const GuardWork& work);

  // Ends it, and waits for that. One that is destroyed without it does its work.
  void dismiss();

 private:
  OrphanGuard(pid_t pid, OwnedDescriptor leash) : pid_(pid), leash_(std::move(leash)) {}

  pid_t pid_ = 0;
  OwnedDescriptor leash_;
};

}  // namespace brunt
