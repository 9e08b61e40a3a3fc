// The texts of /proc as values. What a kernel does not say (an older one, a zombie, a process of
// somebody else) is left at zero or missing; only a text that is none of the kernel's is an error.
//
//   auto stat = parse_process_stat("812 (my (odd) name) S 1 812 ...");   // stat->group == 812
//
// Source: proc(5); Documentation/accounting/psi.rst.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace brunt {

// /proc/PID/stat. Ticks are of sysconf(_SC_CLK_TCK).
struct ProcessStat {
  char state = '?';  // R S D T Z ...
  pid_t parent = 0, group = 0;
  std::uint64_t user_ticks = 0, system_ticks = 0;
  std::uint64_t reaped_user_ticks = 0, reaped_system_ticks = 0;  // Of children waited for.
  std::uint64_t start_ticks = 0;                                 // After the machine's start.
  bool is_zombie() const { return state == 'Z' || state == 'X'; }
};
// Errors: malformed.
Result<ProcessStat> parse_process_stat(std::string_view text);

// /proc/PID/status, of a process or of one of its threads.
struct ProcessStatus {
  std::uint64_t anonymous_bytes = 0;  // RssAnon: its own.
  std::uint64_t shared_bytes = 0;     // RssFile + RssShmem: what forks of one program share.
  std::uint32_t threads = 0;
  std::uint64_t voluntary_switches = 0, involuntary_switches = 0;  // Of this one thread.
};
ProcessStatus parse_process_status(std::string_view text);

// /proc/PID/io: what went to and came from storage, with that of children waited for.
struct ProcessIo {
  std::uint64_t read_bytes = 0, written_bytes = 0;
};
std::optional<ProcessIo> parse_process_io(std::string_view text);

// /proc/pressure/{cpu,memory,io}: how long, in all, somebody has been waiting for it.
std::optional<std::uint64_t> parse_pressure_us(std::string_view text);

// The first line of /proc/stat: ticks in which any core worked.
std::optional<std::uint64_t> parse_busy_ticks(std::string_view text);

// A whole small file into `buffer`, whose memory is used again. False where it cannot be read: the
// process has ended, or is somebody else's.
bool read_proc_file(const std::filesystem::path& path, std::string& buffer);

}  // namespace brunt
