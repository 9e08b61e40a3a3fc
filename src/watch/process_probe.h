// Samples one service: its process, all that descends from it, and what else is in its process
// group. What has come and gone between two samples is counted as far as somebody waited for it.
//
//   ProcessProbe probe;
//   probe.sample(pid, now);                          // the first: levels only
//   if (auto seen = probe.sample(pid, now + 1s))     // then what was used in between, too
//     use(seen->cpu_cores);
//
// A service that was started again has another pid: it is counted from its own beginning. Reads
// /proc, never parks; one probe for each service, of one thread.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "watch/proc_files.h"

namespace brunt {

struct ServiceSample {
  // Levels, of all its processes together. What forks share (files, shared memory) counts once, as
  // much as the one with most of it has.
  std::uint64_t rss_bytes = 0;
  std::uint32_t processes = 0, threads = 0;
  std::uint64_t descriptors = 0;  // Open; 0 where we may not look.

  // Since the sample before; is_rated says whether there was one.
  bool is_rated = false;
  double cpu_cores = 0, cpu_system_cores = 0;  // The second is part of the first.
  std::uint64_t voluntary_switches = 0, involuntary_switches = 0;
  std::uint64_t disk_read_bytes = 0, disk_written_bytes = 0;
};

class ProcessProbe {
 public:
  struct Limits {
    std::uint32_t processes_max = 512;  // Further ones are left out: sampling must stay cheap.
    std::uint32_t threads_max = 1024;   // Whose switches are read, of all processes together.
    // With more open, descriptors are counted in every fifth sample only: each costs 0.5 µs.
    std::uint64_t descriptors_each_time = 4096;
  };
  struct Options {
    std::filesystem::path proc = "/proc";
    Limits limits;
  };

  explicit ProcessProbe(Options options);
  ProcessProbe() : ProcessProbe(Options{}) {}

  // Nothing where the process is not there (any more).
  std::optional<ServiceSample> sample(pid_t root, Instant now);

  // The processes that the last sample found.
  std::vector<pid_t> processes() const;

 private:
  struct Used {  // So far, of one process with its reaped children.
    std::uint64_t start_ticks = 0, ticks = 0, system_ticks = 0;
    ProcessIo io;
  };
  struct Switches {
    std::uint64_t voluntary = 0, involuntary = 0;
  };
  struct Walk;

  void visit(Walk& walk, pid_t pid);
  void visit_threads(Walk& walk, pid_t pid, const ProcessStatus& main);
  void find_group(pid_t root);
  std::optional<ProcessStat> stat_of(pid_t pid);
  std::uint64_t count_descriptors(pid_t pid);
  void rate(Walk& walk, Duration elapsed);
  std::filesystem::path place(pid_t pid, const char* file) const;

  Options options_;
  double ticks_each_second_;
  std::string text_;  // Of the file being read.
  pid_t root_ = 0;
  std::uint64_t root_start_ = 0;
  Instant last_{};
  std::uint64_t newest_start_ = 0;  // Of all processes seen so far.
  std::uint32_t samples_ = 0;
  std::map<pid_t, Used> used_;
  std::map<pid_t, Switches> switches_;          // By thread.
  std::map<pid_t, std::uint64_t> descriptors_;  // As last counted.
  std::vector<pid_t> strays_;                   // Of the group, and no descendants.
};

}  // namespace brunt
