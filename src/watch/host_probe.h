// Samples the machine: cores at work, and pressure: the share of a time in which somebody had to
// wait for a core, for memory, or for storage (PSI).
//
//   HostProbe probe;
//   probe.sample(now);                       // the first gives nothing
//   HostSample seen = probe.sample(now + 1s);
//
// Source: Documentation/accounting/psi.rst. Reads /proc, never parks; of one thread.
#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/time.h"

namespace brunt {

struct HostSample {  // Since the sample before; what the kernel does not tell is missing.
  std::optional<double> cpu_cores;
  std::optional<double> pressure_cpu, pressure_memory, pressure_io;  // 0 to 1.
};

class HostProbe {
 public:
  explicit HostProbe(std::filesystem::path proc = "/proc") : proc_(std::move(proc)) {}
  HostSample sample(Instant now);

 private:
  static constexpr std::size_t counters = 4;  // In the order of HostSample.
  std::filesystem::path proc_;
  std::string text_;
  std::array<std::optional<std::uint64_t>, counters> before_;
  Instant last_{};
};

}  // namespace brunt
