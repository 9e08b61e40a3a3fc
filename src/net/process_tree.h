// A process with everything that it has started: for freezing, killing and limiting the whole of a
// service, also the parts that have left its process group (PostgreSQL's sessions do).
//
//   for (const pid_t pid : process_tree(leader)) kill(pid, SIGSTOP);
#pragma once
#include <sys/types.h>

#include <memory>
#include <vector>

#include "base/result.h"

namespace brunt {

// `leader` first, then its descendants and the other members of its process group; without zombies.
// Only `leader` where /proc cannot be read. What starts while we look may be missing.
std::vector<pid_t> process_tree(pid_t leader);

// Processes held by SIGSTOP. They go on when this is released or destroyed, and also when *we* are
// killed: a stopped process does not see that its parent died, and one that nobody wakes would stay
// for ever. Costs one sleeping process.
class FrozenProcesses {
 public:
  // Stops the whole tree, also what it starts meanwhile. Errors: not_found (no such process),
  // denied, exhausted.
  static Result<std::unique_ptr<FrozenProcesses>> freeze(pid_t leader);
  ~FrozenProcesses();  // As release().

  void release();  // SIGCONT to all of them.
  const std::vector<pid_t>& pids() const;

  FrozenProcesses(const FrozenProcesses&) = delete;
  FrozenProcesses& operator=(const FrozenProcesses&) = delete;

 private:
  struct State;
  explicit FrozenProcesses(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace brunt
