// Who listens at a port, as /proc tells it: the socket's inode from the list of sockets, then that
// inode among the descriptors of the processes.
#include <dirent.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <set>
#include <string>

#include "engine/server_program.h"
#include "net/process_tree.h"

namespace brunt {
namespace {

// Inodes of the sockets that listen at `port`; Linux: Documentation/networking/proc_net_tcp.
std::set<std::string> listening_inodes(std::uint16_t port, bool& readable) {
  std::set<std::string> inodes;
  for (const char* list : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream file(list);
    readable = readable || file.good();
    std::string line;
    while (std::getline(file, line)) {
      unsigned local_port = 0, state = 0;
      std::array<char, 32> inode{};
      if (std::sscanf(line.c_str(),
                      " %*d: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x %*s %*s %*s %*s %*s %31s", &local_port,
                      &state, inode.data()) != 3)
        continue;
      constexpr unsigned listening = 0x0A;
      if (local_port == port && state == listening) inodes.insert(inode.data());
    }
  }
  return inodes;
}

bool holds_one_of(pid_t pid, const std::set<std::string>& inodes, bool& readable) {
  const std::string folder = fmt::format("/proc/{}/fd", pid);
  DIR* directory = opendir(folder.c_str());
  if (directory == nullptr) return false;
  readable = true;
  bool found = false;
  while (const dirent* entry = readdir(directory)) {
    std::array<char, 64> target{};
    const ssize_t size = readlink((folder + "/" + entry->d_name).c_str(), target.data(), 63);
    const std::string_view text(target.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    if (text.starts_with("socket:[") &&
        inodes.contains(std::string(text.substr(8, text.size() - 9))))
      found = true;
  }
  closedir(directory);
  return found;
}

}  // namespace

bool listens(pid_t leader, std::uint16_t port) {
  bool readable = false;
  const std::set<std::string> inodes = listening_inodes(port, readable);
  if (!readable) return true;
  bool any_descriptors = false;
  for (const pid_t pid : process_tree(leader))
    if (holds_one_of(pid, inodes, any_descriptors)) return true;
  return !any_descriptors;
}

}  // namespace brunt
