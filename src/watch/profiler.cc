#include "watch/profiler.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <charconv>

#include "base/file.h"
#include "base/text.h"
#include "watch/perf_script.h"
#include "watch/proc_files.h"

namespace brunt {
namespace {

constexpr const char* paranoid_file = "/proc/sys/kernel/perf_event_paranoid";

// From this value on the kernel lets nobody without rights measure even his own processes; Debian
// has 3 from the start.
std::unexpected<Error> not_permitted() {
  std::string value;
  (void)read_proc_file(paranoid_file, value);
  return fail(ErrorCode::denied,
              fmt::format("perf may not measure here (kernel.perf_event_paranoid is {}): run as "
                          "root, or sysctl kernel.perf_event_paranoid=2",
                          trim(value)));
}

bool is_forbidden() {
  constexpr int forbidden_from = 3;
  std::string text;
  int value = 0;
  if (::geteuid() == 0 || !read_proc_file(paranoid_file, text)) return false;
  const std::string_view digits = trim(text);
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value >= forbidden_from;
}

}  // namespace

Result<std::unique_ptr<Profiler>> Profiler::start(Loop& loop, const ProfilerOptions& options) {
  std::unique_ptr<Profiler> profiler(new Profiler(loop, options));  // Its constructor is private.
  const auto program = find_program(options.program, {"/usr/bin"});
  if (!program)
    return fail(ErrorCode::not_found, "there is no perf here: apt-get install linux-perf");
  profiler->program_ = *program;
  if (is_forbidden()) return not_permitted();
  ProcessOptions process{.output = ProcessOutput::log_file, .log = profiler->log()};
  process.argv = {program->string(), "record", "--freq", std::to_string(options.frequency),
                  "--call-graph",
                  // Debian's programs have no frame pointers.
                  "dwarf,16384", "--max-size", fmt::format("{}M", options.megabytes_max), "--pid",
                  fmt::format("{}", fmt::join(options.processes, ",")), "--output",
                  profiler->data().string(), "--", "sleep", std::to_string(options.seconds_max)};
  profiler->recorder_ = TRY(Subprocess::start(loop, process));
  return profiler;
}

// Why nothing was recorded, by perf's own words.
std::unexpected<Error> Profiler::refusal() const {
  const std::string words = read_file(log()).value_or("");
  for (const char* hint : {"perf_event_paranoid", "ermission", "Operation not permitted"})
    if (words.contains(hint)) return not_permitted();
  std::string first;
  for (const std::string_view line : split(words, '\n'))
    if (first.empty() && !trim(line).empty()) first = trim(line);
  return fail(ErrorCode::unsupported,
              "perf recorded nothing" + (first.empty() ? "" : ": " + first));
}

Result<StackProfile> Profiler::finish(Fiber& self) {
  // perf writes the end of its file when it is interrupted.
  TRY(recorder_->stop(
      self,
      {.signal = SIGINT, .grace = std::chrono::seconds(20), .scope = StopOptions::Scope::leader}));
  std::error_code missing;
  if (std::filesystem::file_size(data(), missing) == 0 || missing) return refusal();
  ProcessOptions process{.output = ProcessOutput::pipe};
  // Inlined functions would take minutes to look up.
  process.argv = {program_.string(),     "script",  "--no-inline",  "--fields",
                  "comm,tid,ip,sym,dso", "--input", data().string()};
  const auto reader = TRY(Subprocess::start(loop_, process));
  PerfScript script;
  constexpr Duration reading_max = std::chrono::seconds(90);
  const Instant deadline = loop_.now() + reading_max;
  for (;;) {
    const std::string bytes = TRY(reader->read(self, deadline));
    if (bytes.empty()) break;
    script.feed(bytes);
  }
  script.finish();
  TRY(reader->wait(self, deadline));
  if (script.samples() == 0) {
    if (const std::string words = read_file(log()).value_or(""); words.contains("rror"))
      return refusal();
    return fail(ErrorCode::not_found,
                "perf took no samples: the service used no CPU, or the machine cannot measure it");
  }
  return StackProfile{.folded = script.folded(), .samples = script.samples()};
}

}  // namespace brunt
