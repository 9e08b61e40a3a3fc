// Processes that get less than they want: CPU and memory by a control group (version 1 or 2),
// descriptors by their limit, a disk that is full by a file that fills it.
//
//   auto held = TRY(StarvedProcesses::begin(process_tree(pid), {.cpu = 0.2}, directory));
//   ...
//   held->release();             // all is as it was
//
// What the machine gives no way to do is an error that says why; nothing is pretended.
#pragma once
#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "fault/timetable.h"

namespace brunt {

class StarvedProcesses {
 public:
  // `directory`: the service's own, for disk_full; it has to be on a file system of its own
  // (a small tmpfs), so that nobody else's disk is filled. `control_groups`: where they are
  // mounted. Errors: unsupported (no control group that may be written, no file system of its own),
  // not_found, io.
  static Result<std::unique_ptr<StarvedProcesses>> begin(
      std::span<const pid_t> pids, const Starvation& starvation,
      const std::filesystem::path& directory, const char* control_groups = "/sys/fs/cgroup");
  ~StarvedProcesses();  // As release().
  void release();       // Limits as before, the group gone, the space free.

  StarvedProcesses(const StarvedProcesses&) = delete;
  StarvedProcesses& operator=(const StarvedProcesses&) = delete;

 private:
  struct State;
  explicit StarvedProcesses(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Whether this machine can, tried out before the load begins. Errors: unsupported: what is missing.
Result<> check_starvation(const Starvation& starvation,
                          const char* control_groups = "/sys/fs/cgroup");

}  // namespace brunt
