// One lookup of a name by c-ares, on the fiber: /etc/hosts, then the DNS servers. No cache; that is
// net/resolver.h, whose part this is.
#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "loop/endpoint.h"
#include "loop/loop.h"

namespace brunt {

struct DnsLookup {
  const std::string& name;
  const std::string& servers;  // Empty: those of the machine.
  Duration attempt_timeout;
};

// Every address of the name, port 0, in the order they came; never empty. Errors: dns, timeout (the
// deadline passed), cancelled.
Result<std::vector<Endpoint>> look_up(Fiber& self, const DnsLookup& lookup, Instant deadline);

}  // namespace brunt
