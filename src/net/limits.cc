#include "net/limits.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string>

#include "base/file.h"
#include "base/text.h"
#include "net/owned_descriptor.h"

namespace brunt {
namespace {

// The number that starts `text`, or `otherwise`.
std::uint64_t number_in(std::string_view text, std::uint64_t otherwise) {
  text = trim(text);
  std::uint64_t number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  return end.ec == std::errc() ? number : otherwise;
}

std::uint64_t number_in_file(const char* path, std::uint64_t otherwise) {
  const Result<std::string> text = read_file(path, 4096);
  return text ? number_in(*text, otherwise) : otherwise;
}

}  // namespace

Result<std::uint64_t> raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return std::unexpected(errno_error("reading the limit on descriptors", errno));
  }
  // More than a million were never needed, and programs that we start inherit it.
  const rlim_t wanted =
      std::min<rlim_t>(1u << 20u, number_in_file("/proc/sys/fs/nr_open", 1u << 20u));
  const rlimit more{wanted, wanted};
  if (limit.rlim_max < wanted && setrlimit(RLIMIT_NOFILE, &more) == 0) return std::uint64_t{wanted};
  if (limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
      return std::unexpected(errno_error("raising the limit on descriptors", errno));
    }
  }
  return std::uint64_t{limit.rlim_cur};
}

Result<> check_local_ips(const std::vector<Endpoint>& addresses) {
  for (const Endpoint& address : addresses) {
    if (address.is_loopback()) continue;
    const OwnedDescriptor socket(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket.open()) return std::unexpected(errno_error("a socket", errno));
    if (::bind(socket.number(), address.with_port(0).address(), address.size()) != 0)
      return fail(ErrorCode::invalid,
                  fmt::format("this machine has no address {} to connect from", address.ip()));
  }
  return {};
}

MachineLimits read_machine_limits() {
  MachineLimits limits;
  rlimit descriptors{};
  if (getrlimit(RLIMIT_NOFILE, &descriptors) == 0) {
    limits.descriptors = descriptors.rlim_cur;
    limits.descriptors_max = descriptors.rlim_max;
  }
  // The kernel's own defaults where /proc is not mounted.
  limits.somaxconn =
      static_cast<std::uint32_t>(number_in_file("/proc/sys/net/core/somaxconn", 4096));
  limits.memory_maps_max = number_in_file("/proc/sys/vm/max_map_count", 65'530);
  limits.port_first = 32'768;
  limits.port_last = 60'999;
  const auto range = read_file("/proc/sys/net/ipv4/ip_local_port_range", 4096);
  if (range) {
    const std::string_view text = trim(*range);
    const std::size_t gap = text.find_first_of(" \t");
    if (gap != std::string_view::npos) {
      limits.port_first = static_cast<std::uint16_t>(number_in(text.substr(0, gap), 32'768));
      limits.port_last = static_cast<std::uint16_t>(number_in(text.substr(gap), 60'999));
    }
  }
  return limits;
}

}  // namespace brunt
