// A process that gets less, and afterwards as much as before; what a machine cannot do is said.
#include "fault/starve.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/temporary_folder.h"

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

// Directories with the files that kernels show, and nothing behind them.
class SeemingControlGroups {
 public:
  void put(const std::string& file, const std::string& text) const {
    std::filesystem::create_directories((root / file).parent_path());
    std::ofstream(root / file) << text;
  }
  static std::string text(const std::filesystem::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // The group that brunt has made below `above`.
  std::filesystem::path made(const std::string& above = "") const {
    for (const auto& entry : std::filesystem::directory_iterator(root / above))
      if (entry.path().filename().string().starts_with("brunt-")) return entry.path();
    return {};
  }

 private:
  TemporaryFolder folder_ = TemporaryFolder::make("brunt-groups").value();

 public:
  const std::filesystem::path root = folder_.path();
};

TEST_CASE("control groups of version 2 are told what they are to hold") {
  const SeemingControlGroups groups;
  groups.put("cgroup.controllers", "cpuset cpu io memory pids\n");
  groups.put("cgroup.subtree_control", "");
  groups.put("cgroup.procs", "");
  const Sleeper sleeper;
  const std::array<pid_t, 1> pids = {sleeper.pid};
  const auto held = StarvedProcesses::begin(pids, {.cpu = 0.2}, "", groups.root.c_str());
  REQUIRE_MESSAGE(held.has_value(), (held ? "" : held.error().text));
  CHECK(groups.text(groups.root / "cgroup.subtree_control") == "+cpu");
  CHECK(groups.text(groups.made() / "cpu.max") == "20000 100000");
  CHECK(groups.text(groups.made() / "cgroup.procs") == std::to_string(sleeper.pid));
  (*held)->release();
  CHECK(groups.text(groups.root / "cgroup.procs") == std::to_string(sleeper.pid));
  std::filesystem::remove_all(groups.made());
  const auto less = StarvedProcesses::begin(pids, {.memory = 4096}, "", groups.root.c_str());
  REQUIRE(less.has_value());
  CHECK(groups.text(groups.made() / "memory.max") == "4096");
}

TEST_CASE("control groups of version 1 have a hierarchy for each resource") {
  const SeemingControlGroups groups;
  groups.put("cpu/cgroup.procs", "");
  groups.put("memory/cgroup.procs", "");
  const Sleeper sleeper;
  const std::array<pid_t, 1> pids = {sleeper.pid};
  const auto held =
      StarvedProcesses::begin(pids, {.cpu = 1.5, .memory = 4096}, "", groups.root.c_str());
  REQUIRE_MESSAGE(held.has_value(), (held ? "" : held.error().text));
  CHECK(groups.text(groups.made("cpu") / "cpu.cfs_period_us") == "100000");
  CHECK(groups.text(groups.made("cpu") / "cpu.cfs_quota_us") == "150000");
  CHECK(groups.text(groups.made("memory") / "memory.limit_in_bytes") == "4096");
  CHECK(groups.text(groups.made("memory") / "cgroup.procs") == std::to_string(sleeper.pid));
}

TEST_CASE("a machine without control groups is told what is missing") {
  const SeemingControlGroups groups;
  const auto can = check_starvation({.cpu = 0.2}, groups.root.c_str());
  REQUIRE_FALSE(can.has_value());
  CHECK(can.error().code == ErrorCode::unsupported);
  CHECK(can.error().text.starts_with("this machine has no control group for cpu: neither "));
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
