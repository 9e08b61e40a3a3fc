#include "watch/host_probe.h"

#include <unistd.h>

#include <algorithm>

#include "watch/proc_files.h"

namespace brunt {

HostSample HostProbe::sample(Instant now) {
  struct Source {
    const char* file;
    std::optional<std::uint64_t> (*parse)(std::string_view);
    double each_second;  // How much it grows in a second in which it is full.
  };
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  constexpr double us_each_second = 1e6;
  const std::array<Source, counters> sources = {
      Source{"stat", parse_busy_ticks, ticks},
      Source{"pressure/cpu", parse_pressure_us, us_each_second},
      Source{"pressure/memory", parse_pressure_us, us_each_second},
      Source{"pressure/io", parse_pressure_us, us_each_second}};
  const double elapsed = seconds_of(now - last_);
  HostSample sample;
  const std::array<std::optional<double>*, counters> places = {
      &sample.cpu_cores, &sample.pressure_cpu, &sample.pressure_memory, &sample.pressure_io};
  for (std::size_t i = 0; i < counters; ++i) {
    const Source& source = sources[i];
    std::optional<std::uint64_t> value;
    if (read_proc_file(proc_ / source.file, text_)) value = source.parse(text_);
    if (value && before_[i] && *value >= *before_[i] && elapsed > 0)
      *places[i] = static_cast<double>(*value - *before_[i]) / source.each_second / elapsed;
    before_[i] = value;
  }
  for (std::size_t i = 1; i < counters; ++i)
    if (*places[i]) *places[i] = std::min(**places[i], 1.0);
  last_ = now;
  return sample;
}

}  // namespace brunt
