#include "run/run_options.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"

namespace brunt {

std::uint32_t processes_needed(std::uint64_t connections, std::uint64_t descriptors_max) {
  const std::uint64_t each = std::max<std::uint64_t>(descriptors_max / 4 * 3, 1);
  return static_cast<std::uint32_t>(std::max<std::uint64_t>((connections + each - 1) / each, 1));
}

std::string processes_sentence(std::uint64_t connections, std::uint64_t descriptors_max) {
  return fmt::format(
      "up to {} connections, and a process may have {} descriptors: {} generator processes",
      format_count(static_cast<double>(connections)),
      format_count(static_cast<double>(descriptors_max)),
      processes_needed(connections, descriptors_max));
}

}  // namespace brunt
