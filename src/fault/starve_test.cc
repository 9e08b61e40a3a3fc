// A process that gets less, and afterwards as much as before; what a machine cannot do is said.
#include "fault/starve.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <string>

namespace brunt {
namespace {

// Waits to be killed.
class Sleeper {
 public:
  Sleeper() : pid(fork()) {
    if (pid == 0)
      for (;;) pause();
  }
  ~Sleeper() {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }
  Sleeper(const Sleeper&) = delete;
  Sleeper& operator=(const Sleeper&) = delete;

  std::uint64_t descriptors() const {
    rlimit limit{};
    prlimit(pid, RLIMIT_NOFILE, nullptr, &limit);
    return limit.rlim_cur;
  }
  std::string groups() const {
    std::ifstream file("/proc/" + std::to_string(pid) + "/cgroup");
    return {std::istreambuf_iterator<char>(file), {}};
  }
  const pid_t pid;
};

TEST_CASE("descriptors are fewer for a while, and then as many as before") {
  const Sleeper sleeper;
  const std::uint64_t before = sleeper.descriptors();
  const std::array<pid_t, 1> pids = {sleeper.pid};
  {
    const auto held = StarvedProcesses::begin(pids, {.descriptors = 17}, "");
    REQUIRE(held.has_value());
    CHECK(sleeper.descriptors() == 17);
  }
  CHECK(sleeper.descriptors() == before);
}

TEST_CASE("CPU and memory are limited by a group of its own that goes again") {
  const Starvation less{.cpu = 0.2, .memory = 64u << 20u};
  if (const auto can = check_starvation(less); !can) {
    CHECK(can.error().code == ErrorCode::unsupported);
    MESSAGE("skipped: ", can.error().text);
    return;
  }
  const Sleeper sleeper;
  const std::string before = sleeper.groups();
  const std::array<pid_t, 1> pids = {sleeper.pid};
  {
    const auto held = StarvedProcesses::begin(pids, less, "");
    REQUIRE_MESSAGE(held.has_value(), (held ? "" : held.error().text));
    CHECK(sleeper.groups().find("brunt-" + std::to_string(getpid())) != std::string::npos);
  }
  CHECK(sleeper.groups() == before);
}

TEST_CASE("a disk that is not the service's own is not filled") {
  const Sleeper sleeper;
  const std::array<pid_t, 1> pids = {sleeper.pid};
  const auto held = StarvedProcesses::begin(pids, {.disk_full = true}, "/usr/share");
  REQUIRE_FALSE(held.has_value());
  CHECK(held.error().code == ErrorCode::unsupported);
}

}  // namespace
}  // namespace brunt
