#include "net/subprocess.h"

#include <fmt/format.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "net/owned_descriptor.h"
#include "net/subprocess_spawn.h"

namespace brunt {
namespace {

constexpr std::size_t read_bytes = 16u << 10u;

ExitStatus exit_status_of(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return {.code = info.si_status, .signal = 0};
  return {.code = 0, .signal = info.si_status};
}

}  // namespace

struct Subprocess::State {
  Loop& loop;
  Spawned spawned;
  std::optional<ExitStatus> status;

  void reap(int options);
};

// Looks whether the program has ended; with `options` 0 it blocks until then. As long as the
// program is a zombie its number cannot be given to another, so what is left of its group is killed
// first.
void Subprocess::State::reap(int options) {
  if (status) return;
  siginfo_t info{};
  const auto id = static_cast<id_t>(spawned.pid);
  int got = 0;
  do {
    got = waitid(P_PID, id, &info, WEXITED | WNOWAIT | options);
  } while (got != 0 && errno == EINTR);
  if (got != 0 || info.si_pid == 0) return;
  kill(-spawned.pid, SIGKILL);
  spawned.guard.dismiss();
  waitid(P_PID, id, &info, WEXITED);
  status = exit_status_of(info);
}

Subprocess::Subprocess(std::unique_ptr<State> state) : state_(std::move(state)) {}

Subprocess::~Subprocess() {
  state_->reap(WNOHANG);
  if (state_->status) return;
  kill(-state_->spawned.pid, SIGKILL);
  state_->reap(0);
}

Result<std::unique_ptr<Subprocess>> Subprocess::start(Loop& loop, const ProcessOptions& options) {
  Spawned spawned = TRY(spawn_process(options));
  std::unique_ptr<State> state(new State{loop, std::move(spawned), std::nullopt});
  return std::unique_ptr<Subprocess>(new Subprocess(std::move(state)));
}

pid_t Subprocess::pid() const {
  return state_->spawned.pid;
}

std::optional<ExitStatus> Subprocess::status() {
  state_->reap(WNOHANG);
  return state_->status;
}

Result<ExitStatus> Subprocess::wait(Fiber& self, Instant deadline) {
  if (const auto ended = status()) return *ended;
  // One for each waiter: a descriptor can be waited for by one fiber.
  const OwnedDescriptor handle(static_cast<int>(syscall(SYS_pidfd_open, state_->spawned.pid, 0u)));
  if (!handle.open()) return std::unexpected(errno_error("waiting for a process", errno));
  for (;;) {
    TRY(state_->loop.wait_fd(self, handle.number(), FdEvent::readable, deadline));
    if (const auto ended = status()) return *ended;
  }
}

Result<ExitStatus> Subprocess::stop(Fiber& self, const StopOptions& options) {
  if (const auto ended = status()) return *ended;
  const bool whole_group = options.scope == StopOptions::Scope::group;
  kill(whole_group ? -pid() : pid(), options.signal);
  // One that is stopped (SIGSTOP) would sleep through it.
  kill(-pid(), SIGCONT);
  if (const Result<ExitStatus> ended = wait(self, self.now() + options.grace)) return *ended;
  kill(-pid(), SIGKILL);
  state_->reap(0);
  if (!state_->status)
    return fail(ErrorCode::io, fmt::format("process {} cannot be waited for", pid()));
  return *state_->status;
}

Result<> Subprocess::send_signal(int number) {
  if (const auto ended = status())
    return fail(ErrorCode::not_found,
                fmt::format("process {} has ended: {}", pid(), ended->text()));
  if (kill(-pid(), number) != 0)
    return std::unexpected(
        errno_error(fmt::format("sending {} to process {}", signal_name(number), pid()), errno));
  return {};
}

Result<std::string> Subprocess::read(Fiber& self, Instant deadline) {
  if (!state_->spawned.output.open())
    return fail(ErrorCode::invalid, "this process has no pipe to read from");
  std::array<char, read_bytes> block;
  for (;;) {
    const int number = state_->spawned.output.number();
    const ssize_t got = ::read(number, block.data(), block.size());
    if (got >= 0) return std::string(block.data(), static_cast<std::size_t>(got));
    if (errno != EAGAIN && errno != EINTR)
      return std::unexpected(errno_error("reading a process's output", errno));
    TRY(state_->loop.wait_fd(self, number, FdEvent::readable, deadline));
  }
}

std::string ExitStatus::text() const {
  if (signal != 0) return "killed by " + signal_name(signal);
  return fmt::format("exited with {}", code);
}

std::string signal_name(int number) {
  const char* name = sigabbrev_np(number);
  return name == nullptr ? fmt::format("signal {}", number) : std::string("SIG") + name;
}

}  // namespace brunt
