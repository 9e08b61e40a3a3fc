// What differs between io_uring, epoll and the simulation: waiting for events, and streams.
//
// A backend wakes fibers through FiberImpl::notify(); it never runs one. For this layer only.
#pragma once
#include <memory>

#include "loop/loop.h"
#include "loop/mailbox.h"

namespace brunt {

enum class PollOutcome : std::uint8_t {
  looked,  // Events were handled, or `until` came.
  idle,    // Simulated only: nothing is under way, and nothing ever will be by itself.
};

class Backend {
 public:
  virtual ~Backend() = default;

  // Once, on the thread that runs the loop, before the first poll().
  virtual Result<> start() { return {}; }

  // Hands over what was collected, waits for an event but not beyond `until` (not at all if that is
  // past), and notifies the fibers concerned. Mail ends the wait.
  virtual PollOutcome poll(Instant until) = 0;

  virtual Instant now() const = 0;
  virtual WallTime wall() const = 0;
  virtual BackendKind kind() const = 0;

  virtual Result<std::unique_ptr<Stream>> connect(Fiber& self, const ConnectOptions& options,
                                                  Instant deadline) = 0;
  virtual Result<std::unique_ptr<Listener>> listen(const ListenOptions& options) = 0;
  virtual Result<> wait_fd(Fiber& self, int fd, FdEvent event, Instant deadline) = 0;
};

Result<std::unique_ptr<Backend>> make_epoll_backend(Mailbox& mailbox);
// Errors: unsupported, with what the kernel said.
Result<std::unique_ptr<Backend>> make_uring_backend(Mailbox& mailbox);
std::unique_ptr<Backend> make_simulated_backend(const LoopOptions& options);

}  // namespace brunt
