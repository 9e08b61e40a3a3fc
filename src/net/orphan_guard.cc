#include "net/orphan_guard.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace brunt {
namespace {

// Waits in read() until every copy of the leash's other end is closed, which is when we have died.
// A byte through the leash dismisses it.
[[noreturn]] void stand_guard(const GuardWork& work, int leash) {
  // In a session of its own: a Ctrl-C at the terminal is not meant for it.
  setsid();
  if (work.first) work.first();
  signal(SIGPIPE, SIG_IGN);
  dup2(leash, STDIN_FILENO);
  syscall(SYS_close_range, 1u, ~0u, 0u);
  char byte = 0;
  ssize_t got = 0;
  do {
    got = read(STDIN_FILENO, &byte, 1);
  } while (got < 0 && errno == EINTR);
  if (got == 0) work.orphaned();
  _exit(0);
}

}  // namespace

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0)
    return std::unexpected(errno_error("cannot make a pipe", errno));
  return Pipe{OwnedDescriptor(ends[0]), OwnedDescriptor(ends[1])};
}

Result<OrphanGuard> OrphanGuard::start(const GuardWork& work) {
  Pipe leash = TRY(make_pipe());
  const pid_t guard = fork();
  if (guard == 0) {
    // Else its own copy would keep the leash open for ever.
    leash.write_end.close();
    stand_guard(work, leash.read_end.number());
  }
  if (guard < 0) return std::unexpected(errno_error("cannot start a guard", errno));
  return OrphanGuard(guard, std::move(leash.write_end));
}

void OrphanGuard::dismiss() {
  if (pid_ == 0) return;
  (void)!write(leash_.number(), "x", 1);
  leash_.close();
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

}  // namespace brunt
