// What a run was: its identity, what was asked for, where it ran, and how it ended.
//
// A RunInfo is written when the run begins (status running, no end) and once more when it ends. A
// run whose process has gone without the second write is shown as interrupted.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/prng.h"
#include "base/result.h"
#include "base/time.h"

namespace brunt {

enum class RunStatus : std::uint8_t {
  running,
  finished,     // Ended as planned; the verdict may still be "failed".
  interrupted,  // By a signal, or its process was killed.
  aborted,      // By itself: abortOnFail, an error of the plan's.
};
std::string_view name_of(RunStatus status);
Result<RunStatus> parse_run_status(std::string_view name);

// Tells a process from a later one with the same number.
struct ProcessIdentity {
  std::int64_t id = 0;
  std::uint64_t start_ticks = 0;  // Field 22 of /proc/PID/stat.
  friend bool operator==(const ProcessIdentity&, const ProcessIdentity&) = default;
};

struct RunInfo {
  std::string id;                      // make_run_id(): sorts by start.
  std::string plan_name;               // The plan's `name`, a file's name, or the bare URL.
  std::string plan_text;               // The source text as read; empty for a bare URL.
  std::vector<std::string> arguments;  // The command line without the program.
  WallTime started, ended;             // ended.unix_ns == 0 while it runs.

  std::string host, kernel;  // As uname has them.
  std::uint32_t cores = 0;   // That this process may use.
  ProcessIdentity process;

  std::string brunt_version, backend;  // backend: io_uring, epoll, simulated.
  std::uint64_t seed = 0;
  double time_scale = 1;
  Duration warm_up{};  // The first part of the run that thresholds after warm-up leave out.

  RunStatus status = RunStatus::running;
  int exit_code = 0;
  std::string verdict;  // One sentence; empty while it runs.

  friend bool operator==(const RunInfo&, const RunInfo&) = default;
};

// Sortable, short, good to read aloud: 20261122-084410-k3f9 (UTC, then four of a-z2-9).
std::string make_run_id(WallTime started, Prng& prng);

// 2026-11-22T08:44:10.123Z, or as many digits of the fraction as asked for (0 to 9).
std::string format_wall_time(WallTime time, int fraction_digits = 3);
// Of what format_wall_time() writes. Errors: malformed.
Result<WallTime> parse_wall_time(std::string_view text);

}  // namespace brunt
