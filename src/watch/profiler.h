// Records where a service spends its CPU time, with `perf`, and gives it as folded stacks.
//
//   auto profiler = TRY(Profiler::start(loop, {.processes = {pid}, .folder = folder}));
//   ...                                                   // the load
//   auto profile = profiler->finish(self);                // folded stacks, or why there are none
//
// Bounded: so often a second, at most so long, at most so many bytes. What it costs the service:
// at 99 samples a second and core, each with 16 KiB of stack, about 1 %.
//
// Where perf is missing, not permitted, or sees nothing, the error says so and what helps.
// REQUIRES: as Subprocess.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/subprocess.h"

namespace brunt {

struct ProfilerOptions {
  std::vector<pid_t> processes;    // Of the service; what they start later is included.
  std::filesystem::path folder;    // For perf's data; the caller removes it.
  std::string program = "perf";    // On PATH, or a path.
  std::uint32_t frequency = 99;    // Samples a second and core; not 100, to stay out of step.
  std::uint32_t seconds_max = 60;  // Longer runs are profiled at their beginning.
  std::uint32_t megabytes_max = 512;
};

struct StackProfile {
  std::string folded;  // perf_script.h
  std::uint64_t samples = 0;
};

class Profiler {
 public:
  // Errors: not_found (no perf; names the package), denied (perf_event_paranoid), as Subprocess.
  static Result<std::unique_ptr<Profiler>> start(Loop& loop, const ProfilerOptions& options);

  // Parks: ends the recording and reads it. Errors: denied, unsupported (with perf's own words),
  // not_found (no samples: the service was idle), timeout (reading took too long), cancelled.
  Result<StackProfile> finish(Fiber& self);

  Profiler(const Profiler&) = delete;
  Profiler& operator=(const Profiler&) = delete;

 private:
  Profiler(Loop& loop, const ProfilerOptions& options) : loop_(loop), options_(options) {}
  std::filesystem::path data() const { return options_.folder / "perf.data"; }
  std::filesystem::path log() const { return options_.folder / "perf.log"; }
  std::unexpected<Error> refusal() const;

  Loop& loop_;
  ProfilerOptions options_;
  std::filesystem::path program_;
  std::unique_ptr<Subprocess> recorder_;
};

}  // namespace brunt
