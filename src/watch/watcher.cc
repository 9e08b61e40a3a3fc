#include "watch/watcher.h"

#include <charconv>
#include <system_error>

#include "base/text.h"
#include "watch/proc_files.h"

namespace brunt {

namespace fs = std::filesystem;

// One service: its probe, and its series.
struct Watcher::Watched {
  Watched(Recorder& recorder, const std::string& service, const fs::path& proc)
      : probe({.proc = proc, .limits = {}}),
        tags(recorder.tags().intern({{"service", service}})),
        cpu(recorder.series(MetricId::service_cpu, tags)),
        cpu_system(recorder.series(MetricId::service_cpu_system, tags)),
        rss(recorder.series(MetricId::service_rss, tags)),
        processes(recorder.series(MetricId::service_processes, tags)),
        threads(recorder.series(MetricId::service_threads, tags)),
        descriptors(recorder.series(MetricId::service_descriptors, tags)),
        voluntary(recorder.series(MetricId::service_switches_voluntary, tags)),
        involuntary(recorder.series(MetricId::service_switches_involuntary, tags)),
        disk_read(recorder.series(MetricId::service_disk_read, tags)),
        disk_written(recorder.series(MetricId::service_disk_written, tags)) {}

  ProcessProbe probe;
  TagSetId tags;
  Series &cpu, &cpu_system, &rss, &processes, &threads, &descriptors;
  Series &voluntary, &involuntary, &disk_read, &disk_written;
};

Watcher::Watcher(const MetricRegistry& registry, Processes processes, fs::path proc)
    : recorder_(registry), processes_(std::move(processes)), proc_(std::move(proc)), host_(proc_) {}

Watcher::~Watcher() = default;

Watcher::Watched& Watcher::watched(const std::string& service) {
  std::unique_ptr<Watched>& place = services_[service];
  if (!place) place = std::make_unique<Watched>(recorder_, service, proc_);
  return *place;
}

void Watcher::sample(Instant now) {
  for (const WatchedProcess& process : processes_()) {
    Watched& one = watched(process.service);
    if (const auto seen = one.probe.sample(process.pid, now)) record(one, *seen);
  }
  const HostSample host = host_.sample(now);
  const auto add = [this](MetricId metric, const std::optional<double>& value) {
    if (value) recorder_.series(metric, TagSetId::none).add(*value);
  };
  add(MetricId::host_cpu, host.cpu_cores);
  add(MetricId::host_pressure_cpu, host.pressure_cpu);
  add(MetricId::host_pressure_memory, host.pressure_memory);
  add(MetricId::host_pressure_io, host.pressure_io);
}

void Watcher::record(Watched& watched, const ServiceSample& sample) {
  watched.rss.add(static_cast<double>(sample.rss_bytes));
  watched.processes.add(sample.processes);
  watched.threads.add(sample.threads);
  watched.descriptors.add(static_cast<double>(sample.descriptors));
  if (!sample.is_rated) return;
  watched.cpu.add(sample.cpu_cores);
  watched.cpu_system.add(sample.cpu_system_cores);
  watched.voluntary.add(static_cast<double>(sample.voluntary_switches));
  watched.involuntary.add(static_cast<double>(sample.involuntary_switches));
  watched.disk_read.add(static_cast<double>(sample.disk_read_bytes));
  watched.disk_written.add(static_cast<double>(sample.disk_written_bytes));
}

pid_t find_process(std::string_view program, const fs::path& proc) {
  constexpr std::size_t name_length_max = 15;  // TASK_COMM_LEN, without its end.
  program = program.substr(0, name_length_max);
  pid_t oldest = 0;
  std::uint64_t oldest_start = 0;
  std::string text;
  std::error_code error;
  for (fs::directory_iterator at(proc, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    pid_t pid = 0;
    const auto [rest, wrong] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (wrong != std::errc{} || rest != name.data() + name.size()) continue;
    if (!read_proc_file(at->path() / "comm", text) || trim(text) != program) continue;
    if (!read_proc_file(at->path() / "stat", text)) continue;
    const auto stat = parse_process_stat(text);
    if (!stat || stat->is_zombie()) continue;
    if (oldest != 0 && stat->start_ticks >= oldest_start) continue;
    oldest = pid;
    oldest_start = stat->start_ticks;
  }
  return oldest;
}

}  // namespace brunt
