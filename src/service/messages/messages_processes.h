// The other processes of a message server that needs more connections than one process may have
// descriptors. They are forked before any thread or loop exists, share the port, the counters and
// the store's lock, and die with the first one, also when that is killed.
//
//   auto processes = TRY(MessagesProcesses::fork_all(4));
//   ... each makes its loop and its MessagesService {.process = processes->index()} ...
//   processes->watch(self, [&](Fiber& fiber, std::size_t index, const std::string& how) { ... });
#pragma once
#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "loop/loop.h"

namespace brunt {

class MessagesProcesses {
 public:
  // REQUIRES: no thread runs yet. Errors: exhausted; then no other process is left.
  static Result<std::unique_ptr<MessagesProcesses>> fork_all(std::size_t count);
  ~MessagesProcesses();  // In the first process: kills those that are left.

  std::size_t index() const { return index_; }  // Of this process; 0 is the first.

  // In the first process: parks until all others have ended, and tells of each how it did.
  using OnEnd = std::function<void(Fiber&, std::size_t index, const std::string& how)>;
  Result<> watch(Fiber& self, const OnEnd& on_end);

  // Asks the others for a graceful end.
  void stop();

  MessagesProcesses(const MessagesProcesses&) = delete;
  MessagesProcesses& operator=(const MessagesProcesses&) = delete;

 private:
  MessagesProcesses() = default;

  std::size_t index_ = 0;
  std::vector<pid_t> others_;  // By index - 1; 0: has ended.
};

}  // namespace brunt
