#include "run/run_options.h"

#include <algorithm>

namespace brunt {

std::uint32_t processes_needed(std::uint64_t connections, std::uint64_t descriptors_max) {
  const std::uint64_t each = std::max<std::uint64_t>(descriptors_max / 4 * 3, 1);
  return static_cast<std::uint32_t>(std::max<std::uint64_t>((connections + each - 1) / each, 1));
}

}  // namespace brunt
