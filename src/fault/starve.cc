#include "fault/starve.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <string>
#include <utility>

#include "base/file.h"
#include "base/text.h"
#include "net/owned_descriptor.h"

namespace brunt {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t period_us = 100'000;

// Files of a control group refuse a value at write(), which a stream would hide. They cannot be
// made either: O_CREAT is for what only looks like one, in tests.
Result<> put(const fs::path& file, const std::string& text) {
  const OwnedDescriptor out(open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  if (out.open() && write(out.number(), text.data(), text.size()) >= 0) return {};
  return std::unexpected(errno_error("writing " + file.string(), errno));
}

bool has_word(const fs::path& file, std::string_view word) {
  const auto text = read_file(file, 4096);
  return text && (" " + *text).find(" " + std::string(word)) != std::string::npos;
}

// The group of a process in the hierarchy of `controller` ("" for version 2), as in
// "4:cpu:/some/group".
std::string group_of(pid_t pid, std::string_view controller) {
  const auto text = read_file(fmt::format("/proc/{}/cgroup", pid), 64u << 10u);
  if (!text) return "/";
  for (const std::string_view line : split(*text, '\n')) {
    const auto parts = split(line, ':');
    if (parts.size() >= 3 && parts[1] == controller)
      return std::string(line.substr(parts[0].size() + parts[1].size() + 2));
  }
  return "/";
}

// A group of its own for processes, which go back to theirs when it ends.
class ControlGroup {
 public:
  // `root`: where control groups are mounted. `controller`: cpu or memory. Errors: unsupported.
  static Result<ControlGroup> make(const fs::path& root, const char* controller, pid_t member) {
    static std::atomic<int> number = 0;
    const bool second = has_word(root / "cgroup.controllers", controller);
    const fs::path all = second ? root : root / controller;
    std::error_code ignored;
    if (!fs::exists(all / "cgroup.procs", ignored))
      return fail(ErrorCode::unsupported,
                  fmt::format("this machine has no control group for {}: neither "
                              "{}/cgroup.controllers names it nor is there {}",
                              controller, root.string(), all.string()));
    fs::path home = all;
    home += group_of(member, second ? "" : controller);
    if (!fs::exists(home / "cgroup.procs", ignored)) home = all;
    // Version 2 has no groups below one that has processes, but below the first of all.
    const fs::path above = second ? all : home;
    if (second) (void)put(above / "cgroup.subtree_control", fmt::format("+{}", controller));
    ControlGroup group(home, above / fmt::format("brunt-{}-{}", getpid(), ++number), second);
    if (mkdir(group.path_.c_str(), 0755) == 0) return group;
    auto refused = errno_error(
        "this machine does not let brunt make the control group " + group.path_.string(), errno);
    group.path_.clear();
    refused.code = ErrorCode::unsupported;
    return std::unexpected(std::move(refused));
  }
  ControlGroup(ControlGroup&& other) noexcept
      : home_(std::move(other.home_)),
        path_(std::exchange(other.path_, {})),
        second_(other.second_) {}
  ControlGroup& operator=(ControlGroup&&) = delete;
  ~ControlGroup() {
    if (path_.empty()) return;
    if (const auto inside = read_file(path_ / "cgroup.procs", 1u << 20u))
      for (const std::string_view pid : split(*inside, '\n'))
        if (!pid.empty()) (void)put(home_ / "cgroup.procs", std::string(pid));
    rmdir(path_.c_str());
  }

  Result<> limit_cpu(double cores) const {
    const auto quota = static_cast<std::uint64_t>(cores * static_cast<double>(period_us));
    if (second_) return put(path_ / "cpu.max", fmt::format("{} {}", quota, period_us));
    TRY(put(path_ / "cpu.cfs_period_us", std::to_string(period_us)));
    return put(path_ / "cpu.cfs_quota_us", std::to_string(quota));
  }
  Result<> limit_memory(std::uint64_t bytes) const {
    return put(path_ / (second_ ? "memory.max" : "memory.limit_in_bytes"), std::to_string(bytes));
  }
  Result<> add(pid_t pid) const { return put(path_ / "cgroup.procs", std::to_string(pid)); }

 private:
  ControlGroup(fs::path home, fs::path path, bool second)
      : home_(std::move(home)), path_(std::move(path)), second_(second) {}
  fs::path home_, path_;
  bool second_;  // Version 2.
};

Result<> has_own_file_system(const fs::path& directory) {
  struct stat own{}, above{};
  const bool known = !directory.empty() && stat(directory.c_str(), &own) == 0 &&
                     stat(directory.parent_path().c_str(), &above) == 0;
  if (known && own.st_dev != above.st_dev) return {};
  return fail(ErrorCode::unsupported,
              "its directory is on the machine's own disk, which brunt does not fill");
}

}  // namespace

struct StarvedProcesses::State {
  struct Descriptors {
    pid_t pid;
    rlimit before;
  };
  std::vector<Descriptors> descriptors;
  std::vector<ControlGroup> groups;
  fs::path ballast;

  Result<> limit_descriptors(std::span<const pid_t> pids, std::uint64_t count) {
    for (const pid_t pid : pids) {
      rlimit before{};
      if (prlimit(pid, RLIMIT_NOFILE, nullptr, &before) != 0) continue;
      const rlimit less{std::min<rlim_t>(count, before.rlim_max), before.rlim_max};
      if (prlimit(pid, RLIMIT_NOFILE, &less, nullptr) != 0)
        return std::unexpected(
            errno_error(fmt::format("limiting the descriptors of process {}", pid), errno));
      descriptors.push_back({pid, before});
    }
    return {};
  }

  Result<> fill_disk(const fs::path& directory) {
    TRY(has_own_file_system(directory));
    ballast = directory / "brunt-ballast";
    const OwnedDescriptor file(open(ballast.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    if (!file.open()) return std::unexpected(errno_error("filling " + directory.string(), errno));
    const std::string block(64u << 10u, 'x');
    for (std::size_t size = block.size(); size > 0;)
      if (write(file.number(), block.data(), size) <= 0) size /= 2;
    return {};
  }
};

StarvedProcesses::StarvedProcesses(std::unique_ptr<State> state) : state_(std::move(state)) {}

StarvedProcesses::~StarvedProcesses() {
  release();
}

void StarvedProcesses::release() {
  for (const auto& [pid, before] : state_->descriptors)
    prlimit(pid, RLIMIT_NOFILE, &before, nullptr);
  state_->descriptors.clear();
  state_->groups.clear();
  if (!state_->ballast.empty()) unlink(state_->ballast.c_str());
  state_->ballast.clear();
}

Result<std::unique_ptr<StarvedProcesses>> StarvedProcesses::begin(std::span<const pid_t> pids,
                                                                  const Starvation& starvation,
                                                                  const fs::path& directory,
                                                                  const char* control_groups) {
  if (pids.empty()) return fail(ErrorCode::not_found, "it has no process");
  std::unique_ptr<StarvedProcesses> held(new StarvedProcesses(std::make_unique<State>()));
  State& state = *held->state_;
  if (starvation.cpu) {
    state.groups.push_back(TRY(ControlGroup::make(control_groups, "cpu", pids.front())));
    TRY(state.groups.back().limit_cpu(*starvation.cpu));
    for (const pid_t pid : pids) TRY(state.groups.back().add(pid));
  }
  if (starvation.memory) {
    state.groups.push_back(TRY(ControlGroup::make(control_groups, "memory", pids.front())));
    TRY(state.groups.back().limit_memory(*starvation.memory));
    for (const pid_t pid : pids) TRY(state.groups.back().add(pid));
  }
  if (starvation.descriptors) TRY(state.limit_descriptors(pids, *starvation.descriptors));
  if (starvation.disk_full) TRY(state.fill_disk(directory));
  return held;
}

Result<> check_starvation(const Starvation& starvation, const char* control_groups) {
  if (starvation.cpu) {
    const ControlGroup group = TRY(ControlGroup::make(control_groups, "cpu", getpid()));
    TRY(group.limit_cpu(*starvation.cpu));
  }
  if (starvation.memory) {
    const ControlGroup group = TRY(ControlGroup::make(control_groups, "memory", getpid()));
    TRY(group.limit_memory(*starvation.memory));
  }
  return {};
}

}  // namespace brunt
