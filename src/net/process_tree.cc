#include "net/process_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "net/orphan_guard.h"
#include "net/owned_descriptor.h"

namespace brunt {
namespace {

struct ProcessLine {
  pid_t pid = 0, parent = 0, group = 0;
  char state = '?';
};

// Of /proc/PID/stat; its second field, the name in brackets, may hold anything.
bool read_process(pid_t pid, ProcessLine& out) {
  const OwnedDescriptor file(open(fmt::format("/proc/{}/stat", pid).c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.open()) return false;
  std::array<char, 512> text{};
  if (read(file.number(), text.data(), text.size() - 1) <= 0) return false;
  const char* after_name = std::strrchr(text.data(), ')');
  if (after_name == nullptr) return false;
  out.pid = pid;
  return std::sscanf(after_name + 1, " %c %d %d", &out.state, &out.parent, &out.group) == 3;
}

std::vector<ProcessLine> all_processes() {
  std::vector<ProcessLine> out;
  DIR* directory = opendir("/proc");
  if (directory == nullptr) return out;
  while (const dirent* entry = readdir(directory)) {
    const pid_t pid = std::atoi(entry->d_name);
    ProcessLine line;
    if (pid > 0 && read_process(pid, line) && line.state != 'Z') out.push_back(line);
  }
  closedir(directory);
  return out;
}

}  // namespace

std::vector<pid_t> process_tree(pid_t leader) {
  std::vector<pid_t> tree = {leader};
  const std::vector<ProcessLine> all = all_processes();
  const auto known = [&](pid_t pid) { return std::ranges::find(tree, pid) != tree.end(); };
  // A parent may stand behind its child in the list: until a round finds nothing more.
  for (std::size_t before = 0; before != tree.size();) {
    before = tree.size();
    for (const ProcessLine& line : all)
      if ((known(line.parent) || line.group == leader) && !known(line.pid))
        tree.push_back(line.pid);
  }
  return tree;
}

struct FrozenProcesses::State {
  std::vector<pid_t> pids;
  OrphanGuard guard;  // When we die, the frozen go on, and see it too.
};

FrozenProcesses::FrozenProcesses(std::unique_ptr<State> state) : state_(std::move(state)) {}

FrozenProcesses::~FrozenProcesses() {
  release();
}

Result<std::unique_ptr<FrozenProcesses>> FrozenProcesses::freeze(pid_t leader) {
  if (kill(leader, SIGSTOP) != 0 && errno == ESRCH)
    return fail(ErrorCode::not_found, fmt::format("there is no process {}", leader));
  if (kill(leader, 0) != 0)
    return std::unexpected(errno_error(fmt::format("stopping process {}", leader), errno));
  auto state = std::make_unique<State>();
  state->pids = {leader};
  std::unique_ptr<FrozenProcesses> frozen(new FrozenProcesses(std::move(state)));
  std::vector<pid_t>& pids = frozen->state_->pids;
  // One that was not stopped yet may have started another: until a look finds nothing new.
  constexpr int looks_max = 10;
  for (int look = 0; look < looks_max; ++look) {
    std::size_t found = 0;
    for (const pid_t pid : process_tree(leader)) {
      if (std::ranges::find(pids, pid) != pids.end()) continue;
      kill(pid, SIGSTOP);
      pids.push_back(pid);
      ++found;
    }
    if (found == 0) break;
  }
  frozen->state_->guard = TRY(OrphanGuard::start({.first = {}, .orphaned = [&pids] {
                                                    for (const pid_t pid : pids) kill(pid, SIGCONT);
                                                  }}));
  return frozen;
}

void FrozenProcesses::release() {
  for (const pid_t pid : state_->pids) kill(pid, SIGCONT);
  state_->pids.clear();
  state_->guard.dismiss();
}

const std::vector<pid_t>& FrozenProcesses::pids() const {
  return state_->pids;
}

}  // namespace brunt
