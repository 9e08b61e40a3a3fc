// The processes of the services and the machine, beside what their clients saw.
#include <algorithm>
#include <utility>

#include "report/figures.h"

namespace brunt {
namespace {

// A gauge over the seconds that have it: each second's own value counts the same.
struct Level {
  double mean = 0, max = 0;
  bool is_known = false;
};

Level level_of(const RunRecord& record, const Selector& selector, SecondWindow window) {
  Level level;
  double seconds = 0;
  for (const auto& second : record.by_second(selector, window)) {
    if (!second) continue;
    level.mean += second->last();
    level.max = std::max(level.max, second->moments().max());
    ++seconds;
  }
  level.is_known = seconds > 0;
  if (level.is_known) level.mean /= seconds;
  return level;
}

std::optional<double> known_mean(const RunRecord& record, const char* metric, SecondWindow window) {
  const Level level = level_of(record, {metric, {}}, window);
  return level.is_known ? std::optional(level.mean) : std::nullopt;
}

}  // namespace

void add_services(const RunRecord& record, Figures& figures) {
  const SecondWindow window = figures.window;
  for (const std::string& name : record.tag_values("service_rss", "service")) {
    const TagSet tags = {{"service", name}};
    const auto level = [&](const char* metric) { return level_of(record, {metric, tags}, window); };
    const auto sum = [&](const char* metric) {
      const auto total = record.merged({metric, tags}, window);
      return total ? total->sum() : 0;
    };
    ServiceFigures one;
    one.name = name;
    const Level cpu = level("service_cpu");
    one.cpu_cores_mean = cpu.mean;
    one.cpu_cores_max = cpu.max;
    one.cpu_system_cores_mean = level("service_cpu_system").mean;
    one.rss_bytes_max = level("service_rss").max;
    one.processes_max = level("service_processes").max;
    one.threads_max = level("service_threads").max;
    one.descriptors_max = level("service_descriptors").max;
    const double seconds = std::max(1.0, static_cast<double>(window.length()));
    one.switches_voluntary_each_second = sum("service_switches_voluntary") / seconds;
    one.switches_involuntary_each_second = sum("service_switches_involuntary") / seconds;
    one.disk_read_bytes = sum("service_disk_read");
    one.disk_written_bytes = sum("service_disk_written");
    figures.services.push_back(std::move(one));
  }
  const Level cpu = level_of(record, {"host_cpu", {}}, window);
  figures.host = {.is_known = cpu.is_known,
                  .cpu_cores_mean = cpu.mean,
                  .cpu_cores_max = cpu.max,
                  .pressure_cpu = known_mean(record, "host_pressure_cpu", window),
                  .pressure_memory = known_mean(record, "host_pressure_memory", window),
                  .pressure_io = known_mean(record, "host_pressure_io", window)};
}

}  // namespace brunt
