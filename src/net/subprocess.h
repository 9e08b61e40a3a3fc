// A program that we start and that ends with us, also when we are killed.
//
// It leads a process group of its own. When it ends, what is left of its group is killed too: a
// program has to stay in the foreground. When *we* end, however that happens, the kernel sends it
// `death_signal` (PR_SET_PDEATHSIG), and with Orphans::killed a guard process kills the whole
// group.
//
// REQUIRES: start it from a thread that lives as long as the program shall: the kernel's "parent
// died" means the *thread* that forked. In brunt that is the main loop's thread. Not on the
// simulated backend (wait() is `unsupported` there).
//
//   auto process = TRY(Subprocess::start(loop, {.argv = {"nginx", "-g", "daemon off;"}, .log =
//   path}));
//   ...
//   const ExitStatus status = TRY(process->stop(self, {.grace = 5s}));
#pragma once
#include <sys/types.h>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "loop/loop.h"

namespace brunt {

enum class ProcessOutput : std::uint8_t {
  inherit,   // Ours.
  discard,   // /dev/null
  log_file,  // Appended to ProcessOptions::log.
  pipe,      // For Subprocess::read().
};

enum class Orphans : std::uint8_t {
  left,    // Of its group only the program itself is sure to die with us: enough for a single
           // process.
  killed,  // All of it: for shells and launchers that start others. Costs one sleeping process.
};

struct ProcessOptions {
  std::vector<std::string> argv;  // argv[0] without '/' is looked up on PATH.
  std::vector<std::pair<std::string, std::string>> env;  // Added to ours, or in place of ours.
  std::filesystem::path cwd;                             // Empty: ours.
  std::string user;  // Name or number, with its groups; empty: as we are. Needs root.
  ProcessOutput output = ProcessOutput::discard;  // Standard output and standard error together.
  std::filesystem::path log;
  int death_signal = SIGKILL;
  Orphans orphans = Orphans::left;
};

struct ExitStatus {
  int code = 0;    // Of a program that exited.
  int signal = 0;  // Of one that was killed; else 0.

  bool success() const { return code == 0 && signal == 0; }
  std::string text() const;  // "exited with 3", "killed by SIGKILL"
};

struct StopOptions {
  int signal = SIGTERM;
  Duration grace = std::chrono::seconds(10);                               // Then SIGKILL.
  enum class Scope : std::uint8_t { group, leader } scope = Scope::group;  // Who gets `signal`.
};

class Subprocess {
 public:
  // Blocks for the milliseconds that fork and exec take. Errors: not_found, denied (names program,
  // directory or user), invalid (no argv), exhausted, io.
  static Result<std::unique_ptr<Subprocess>> start(Loop& loop, const ProcessOptions& options);
  ~Subprocess();  // Kills the group if the program still runs.

  pid_t pid() const;

  // How it ended, if it has. Does not park.
  std::optional<ExitStatus> status();

  // Parks until it has ended. Any number of fibers may wait. Errors: timeout, cancelled,
  // unsupported.
  Result<ExitStatus> wait(Fiber& self, Instant deadline);

  // Asks it to end, waits, kills; parks until it is gone. At once if it has ended already. In a
  // cancelled fiber there is no grace. Errors: io.
  Result<ExitStatus> stop(Fiber& self, const StopOptions& options);

  // To the whole group (SIGSTOP, SIGCONT, SIGHUP ...). Errors: not_found if it has ended.
  Result<> send_signal(int number);

  // With ProcessOutput::pipe: parks until output comes; empty at its end. Errors: timeout,
  // cancelled.
  Result<std::string> read(Fiber& self, Instant deadline);

  Subprocess(const Subprocess&) = delete;
  Subprocess& operator=(const Subprocess&) = delete;

 private:
  struct State;
  explicit Subprocess(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The program's path: as given if it has a '/', else the first on PATH that may be executed, else
// in one of `more` directories. Errors: not_found.
Result<std::filesystem::path> find_program(std::string_view name,
                                           const std::vector<std::filesystem::path>& more);

std::string signal_name(int number);  // "SIGKILL"; "signal 77" for one without a name.

}  // namespace brunt
