#include "service/messages/messages_processes.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>

#include "loop/fiber_group.h"
#include "net/owned_descriptor.h"
#include "net/subprocess.h"

namespace brunt {

Result<std::unique_ptr<MessagesProcesses>> MessagesProcesses::fork_all(std::size_t count) {
  // make_unique cannot reach a private constructor.
  auto processes = std::unique_ptr<MessagesProcesses>(new MessagesProcesses());
  const pid_t first = ::getpid();
  std::fflush(nullptr);  // What is buffered would be printed by each.
  for (std::size_t index = 1; index < count; ++index) {
    const pid_t pid = ::fork();
    if (pid < 0) return std::unexpected(errno_error("cannot start another process", errno));
    if (pid > 0) {
      processes->others_.push_back(pid);
      continue;
    }
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != first) ::_exit(1);  // It ended in between.
    processes->others_.clear();
    processes->index_ = index;
    return processes;
  }
  return processes;
}

MessagesProcesses::~MessagesProcesses() {
  for (const pid_t pid : others_) {
    if (pid == 0) continue;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
}

Result<> MessagesProcesses::watch(Fiber& self, const OnEnd& on_end) {
  FiberGroup group(self.loop());
  Result<> outcome;
  for (std::size_t i = 0; i < others_.size() && outcome; ++i)
    outcome = group.spawn("process", [this, i, &on_end](Fiber& fiber) {
      const OwnedDescriptor handle(static_cast<int>(::syscall(SYS_pidfd_open, others_[i], 0)));
      if (!fiber.loop().wait_fd(fiber, handle.number(), FdEvent::readable, far_future)) return;
      int status = 0;
      if (::waitpid(others_[i], &status, 0) != others_[i]) return;
      others_[i] = 0;
      ExitStatus ended;
      if (WIFEXITED(status)) ended.code = WEXITSTATUS(status);
      if (WIFSIGNALED(status)) ended.signal = WTERMSIG(status);
      on_end(fiber, i + 1, ended.text());
    });
  const auto joined = group.join(self);
  return outcome ? joined : outcome;
}

void MessagesProcesses::stop() {
  for (const pid_t pid : others_)
    if (pid != 0) ::kill(pid, SIGTERM);
}

}  // namespace brunt
