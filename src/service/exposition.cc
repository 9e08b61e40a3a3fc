#include "service/exposition.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "base/assert.h"

namespace brunt {

void BucketHistogram::record(double value) {
  ASSERT(bounds_.size() <= buckets_max);
  const auto bound = std::lower_bound(bounds_.begin(), bounds_.end(), value);
  buckets_[static_cast<std::size_t>(bound - bounds_.begin())].add();
  sum_millionths_.add(static_cast<std::uint64_t>(value * 1e6));
}

void Exposition::histogram(std::span<const BucketHistogram* const> parts, std::string_view labels) {
  const auto bounds = parts.front()->bounds();
  const std::string_view comma = labels.empty() ? "" : ",";
  std::uint64_t count = 0;
  double sum = 0;
  for (std::size_t index = 0; index <= bounds.size(); ++index) {
    for (const BucketHistogram* part : parts) count += part->bucket(index);
    const std::string bound = index < bounds.size() ? fmt::format("{}", bounds[index]) : "+Inf";
    fmt::format_to(std::back_inserter(text_), "{}_bucket{{{}{}le=\"{}\"}} {}\n", name_, labels,
                   comma, bound, count);
  }
  for (const BucketHistogram* part : parts) sum += part->sum();
  const std::string in_braces = labels.empty() ? "" : fmt::format("{{{}}}", labels);
  fmt::format_to(std::back_inserter(text_), "{}_sum{} {}\n{}_count{} {}\n", name_, in_braces, sum,
                 name_, in_braces, count);
}

void render_process(Exposition& out, WallTime started) {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  std::uint64_t virtual_pages = 0;
  std::uint64_t resident_pages = 0;
  std::ifstream("/proc/self/statm") >> virtual_pages >> resident_pages;
  out.single("process_cpu_seconds_total", "counter", "User and system time.",
             seconds(usage.ru_utime) + seconds(usage.ru_stime));
  out.single("process_resident_memory_bytes", "gauge", "Memory in RAM.",
             resident_pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)));
  out.single("process_start_time_seconds", "gauge", "Since the Unix epoch.",
             static_cast<double>(started.unix_ns) / 1e9);
}

}  // namespace brunt
