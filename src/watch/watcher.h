// Samples every watched service and the machine once a second, as metrics: service_cpu,
// service_rss ... with the tag `service`, and host_cpu, host_pressure_...
// (docs/reference/metrics.md).
//
//   Watcher watcher(registry, [&] { return services.processes(); });
//   watcher.sample(now);                                 // at the start: levels
//   ...
//   watcher.sample(now);                                 // shortly before each second ends
//   seconds.take_aside(watcher.freeze(12));
//
// The processes are asked for anew each time: a service that is down has none, and one that was
// started again has another. Of one thread, never parks.
#pragma once
#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "metrics/recorder.h"
#include "watch/host_probe.h"
#include "watch/process_probe.h"

namespace brunt {

struct WatchedProcess {
  std::string service;
  pid_t pid = 0;  // The first of it: others that descend from it belong to it.
};

class Watcher {
 public:
  using Processes = std::function<std::vector<WatchedProcess>()>;

  // `registry` must outlive it.
  Watcher(const MetricRegistry& registry, Processes processes,
          std::filesystem::path proc = "/proc");

  ~Watcher();

  void sample(Instant now);
  Snapshot freeze(std::int64_t second) { return recorder_.freeze(second); }
  void recycle(Snapshot snapshot) { recorder_.recycle(std::move(snapshot)); }

  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

 private:
  struct Watched;
  Watched& watched(const std::string& service);
  void record(Watched& watched, const ServiceSample& sample);

  Recorder recorder_;
  Processes processes_;
  std::filesystem::path proc_;
  HostProbe host_;
  std::map<std::string, std::unique_ptr<Watched>> services_;
};

// The oldest process whose program has this name, as `ps -o comm` shows it (its first 15 letters);
// 0 where there is none. Looks at every process of the machine.
pid_t find_process(std::string_view program, const std::filesystem::path& proc = "/proc");

}  // namespace brunt
