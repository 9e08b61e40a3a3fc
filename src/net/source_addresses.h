// Which source address the next connection to a destination leaves from, so that ports do not run
// out (net/dialer.h says why). Pure bookkeeping: no I/O.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "loop/endpoint.h"

namespace brunt {

// Towards loopback without a list; enough for a million connections a minute.
inline constexpr std::uint32_t loopback_sources_max = 200;

// Where the `index`-th of `count` dialers that run beside each other begins.
inline std::uint32_t share_of_sources(std::uint64_t index, std::uint64_t count) {
  return static_cast<std::uint32_t>(index * loopback_sources_max / count % loopback_sources_max);
}

class SourceAddresses {
 public:
  // `ports`: of the ephemeral range. `loopback_first`: towards loopback without a list, with which
  // of the addresses to begin (from 0: the kernel's choice, 127.0.0.2, ...).
  SourceAddresses(std::vector<Endpoint> local_ips, std::uint32_t ports,
                  std::uint32_t loopback_first = 0);

  struct Choice {
    std::optional<Endpoint> from;  // Nothing: the kernel's choice.
    std::uint32_t index = 0;
  };

  // Counts the connection as opened.
  Choice choose(const Endpoint& to, Instant now);

  // The kernel had no port left for that choice: it is avoided for a minute.
  void mark_full(const Endpoint& to, const Choice& choice, Instant now);

  // How many sources there are towards `to`.
  std::uint32_t count(const Endpoint& to) const;

 private:
  struct Source {
    std::uint32_t opened = 0;  // Since `since`.
    Instant since;
  };
  struct Destination {
    std::vector<Source> sources;
    std::uint32_t next = 0;  // Round robin, with a list.
  };

  Destination& destination(const Endpoint& to);
  std::uint32_t pick(Destination& destination, Instant now) const;
  const std::vector<Endpoint>& list_for(const Endpoint& to) const;

  std::vector<Endpoint> local_ipv4_;
  std::vector<Endpoint> local_ipv6_;
  std::uint32_t opened_max_;  // Of one source in a minute.
  std::uint32_t loopback_first_;
  std::unordered_map<std::string, Destination> destinations_;
};

}  // namespace brunt
