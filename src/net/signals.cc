#include "net/signals.h"

#include <sys/signalfd.h>

#include <cerrno>
#include <csignal>

#include "net/owned_descriptor.h"

namespace brunt {

struct Signals::State {
  OwnedDescriptor descriptor;
  sigset_t former_mask{};
};

Signals::Signals(Loop& loop, std::unique_ptr<State> state)
    : loop_(loop), state_(std::move(state)) {}

Result<std::unique_ptr<Signals>> Signals::create(Loop& loop) {
  auto state = std::make_unique<State>();
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGINT);
  sigaddset(&wanted, SIGTERM);
  state->descriptor = OwnedDescriptor(signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!state->descriptor.open()) return std::unexpected(errno_error("waiting for signals", errno));
  // Blocked, so that they are not delivered but read.
  pthread_sigmask(SIG_BLOCK, &wanted, &state->former_mask);
  std::signal(SIGPIPE, SIG_IGN);
  return std::unique_ptr<Signals>(new Signals(loop, std::move(state)));
}

Signals::~Signals() {
  pthread_sigmask(SIG_SETMASK, &state_->former_mask, nullptr);
}

Result<int> Signals::next(Fiber& self, Instant deadline) {
  for (;;) {
    signalfd_siginfo info{};
    const ssize_t got = read(state_->descriptor.number(), &info, sizeof info);
    if (got == sizeof info) {
      ++count_;
      return static_cast<int>(info.ssi_signo);
    }
    if (got < 0 && errno != EAGAIN && errno != EINTR)
      return std::unexpected(errno_error("waiting for signals", errno));
    TRY(loop_.wait_fd(self, state_->descriptor.number(), FdEvent::readable, deadline));
  }
}

}  // namespace brunt
