// What the machine lets one process do. Read once at start; the plan works out from it how many
// processes it needs.
#pragma once
#include <cstdint>
#include <vector>

#include "base/result.h"
#include "loop/endpoint.h"

namespace brunt {

struct MachineLimits {
  std::uint64_t descriptors = 0;      // Soft limit, now.
  std::uint64_t descriptors_max = 0;  // Hard limit.
  std::uint32_t somaxconn = 0;        // Longest queue of a listener.
  std::uint16_t port_first = 0;       // The ephemeral range, both ends included.
  std::uint16_t port_last = 0;
  std::uint64_t memory_maps_max = 0;  // vm.max_map_count: two for each fiber's guarded stack.

  std::uint32_t ports() const { return std::uint32_t{port_last} - port_first + 1; }
};

// Raises the limit on descriptors as far as it goes: the hard limit too where the kernel lets us
// (CAP_SYS_RESOURCE), the soft limit to it; gives the new one. Errors: denied, io.
Result<std::uint64_t> raise_descriptor_limit();

// Whether this machine has all these addresses, to connect from. Errors: invalid, naming the first
// that it has not.
Result<> check_local_ips(const std::vector<Endpoint>& addresses);

// What cannot be read (no /proc) is the kernel's default.
MachineLimits read_machine_limits();

}  // namespace brunt
