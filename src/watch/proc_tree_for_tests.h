// A folder that looks like /proc, with the processes that a test puts there.
#pragma once
#include <fmt/format.h>
#include <sys/types.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/temporary_folder.h"

namespace brunt {

struct FakeProcess {
  pid_t pid = 0, parent = 1;
  pid_t group = 0;  // 0: its own.
  char state = 'S';
  std::uint64_t user = 0, system = 0, reaped_user = 0, reaped_system = 0, start = 100;
  std::uint64_t anonymous_kb = 0, shared_kb = 0, voluntary = 0, involuntary = 0;
  std::uint64_t read_bytes = 0, written_bytes = 0;
  int descriptors = 0;
  std::vector<pid_t> children;
  std::vector<pid_t> threads;  // Besides the first.
  std::string name = "fake";
};

class ProcTree {
 public:
  const std::filesystem::path& folder() const { return folder_.path(); }

  void put(const FakeProcess& one) {
    remove(one.pid);
    const auto home = folder() / std::to_string(one.pid);
    write(home / "comm", one.name + "\n");
    write(home / "stat",
          fmt::format("{} ({}) {} {} {} 0 0 -1 0 0 0 0 0 {} {} {} {} 20 0 1 0 {} 0 0\n", one.pid,
                      one.name, one.state, one.parent, one.group == 0 ? one.pid : one.group,
                      one.user, one.system, one.reaped_user, one.reaped_system, one.start));
    write(home / "io", fmt::format("rchar: 1\nwchar: 1\nread_bytes: {}\nwrite_bytes: {}\n",
                                   one.read_bytes, one.written_bytes));
    write(home / "status", status_of(one, 1 + one.threads.size()));
    for (int i = 0; i < one.descriptors; ++i) write(home / "fd" / std::to_string(i), "");
    std::string children;
    for (const pid_t child : one.children) children += std::to_string(child) + " ";
    const auto tasks = home / "task";
    write(tasks / std::to_string(one.pid) / "children", children);
    for (const pid_t thread : one.threads) {
      write(tasks / std::to_string(thread) / "status", status_of(one, 1 + one.threads.size()));
      write(tasks / std::to_string(thread) / "children", "");
    }
  }
  void remove(pid_t pid) { std::filesystem::remove_all(folder() / std::to_string(pid)); }

  void write(const std::filesystem::path& path, const std::string& text) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }

 private:
  static std::string status_of(const FakeProcess& one, std::size_t threads) {
    return fmt::format(
        "Name:\t{}\nRssAnon:\t{} kB\nRssFile:\t{} kB\nRssShmem:\t0 kB\nThreads:\t{}\n"
        "voluntary_ctxt_switches:\t{}\nnonvoluntary_ctxt_switches:\t{}\n",
        one.name, one.anonymous_kb, one.shared_kb, threads, one.voluntary, one.involuntary);
  }

  TemporaryFolder folder_ = TemporaryFolder::make("brunt-proc").value();
};

}  // namespace brunt
