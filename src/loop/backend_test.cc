// Which backend a machine gets: in a child process that a seccomp filter keeps from io_uring, as
// container run-times do.
#include <doctest/doctest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <string>
#include <thread>

#include "loop/loop.h"

using namespace brunt;

namespace {

bool refuse_io_uring(unsigned number) {
  std::array filter = {
      sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | number),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  sock_fprog program{.len = filter.size(), .filter = filter.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

enum Answer : int { as_promised, no_filter, automatic_failed, explicit_worked, reason_is_missing };

Answer ask_without_io_uring(unsigned number) {
  if (!refuse_io_uring(number)) return no_filter;
  const auto automatic = Loop::create({.backend = BackendKind::automatic});
  if (!automatic || (*automatic)->backend() != BackendKind::epoll) return automatic_failed;
  const auto asked = Loop::create({.backend = BackendKind::io_uring});
  if (asked || asked.error().code != ErrorCode::unsupported) return explicit_worked;
  const bool has_reason = asked.error().text.find("io_uring_setup: ") != std::string::npos &&
                          asked.error().text.find("epoll") != std::string::npos;
  return has_reason ? as_promised : reason_is_missing;
}

}  // namespace

TEST_CASE("where io_uring is refused, automatic means epoll, and asking for it says why not") {
  for (const unsigned number : {EPERM, ENOSYS, ENOMEM}) {
    CAPTURE(number);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) _exit(ask_without_io_uring(number));
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == as_promised);
  }
}

TEST_CASE("a loop may be created on one thread and run on another") {
  for (const BackendKind kind : {BackendKind::automatic, BackendKind::epoll}) {
    CAPTURE(name_of(kind));
    auto loop = Loop::create({.backend = kind});
    REQUIRE(loop);
    bool has_run = false;
    REQUIRE((*loop)->spawn("fiber", [&](Fiber& self) {
      has_run = self.sleep(std::chrono::milliseconds(1)).has_value();
    }));
    std::jthread([&] { (*loop)->run(); }).join();
    CHECK(has_run);
  }
}
