// From a host name to addresses: numeric ones at once, then the table given here, then /etc/hosts
// and DNS (c-ares), with a cache. Waits on the fiber, never blocks the loop.
//
// Belongs to one loop. Fibers that ask for one name at the same time share one lookup. Under the
// simulated backend there is only the given table, and "localhost".
//
//   Resolver resolver(loop, {.ttl = 5min});
//   const std::vector<Endpoint> addresses = TRY(resolver.resolve(self, {"shop.test", 443},
//   deadline));
//
// Source: k6 docs, option `dns`; RFC 6761 for localhost.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "loop/endpoint.h"
#include "loop/loop.h"

namespace brunt {

// Which of several addresses a connection tries first.
enum class DnsSelect : std::uint8_t { first, random, round_robin };
enum class DnsPolicy : std::uint8_t { prefer_ipv4, prefer_ipv6, only_ipv4, only_ipv6, any };

Result<DnsSelect> parse_dns_select(std::string_view text);  // As k6: first, random, roundRobin.
Result<DnsPolicy> parse_dns_policy(std::string_view text);  // As k6: preferIPv4, ..., any.

struct HostEntry {
  std::string name;                    // "shop.test", or "*.shop.test" for everything below it.
  std::vector<std::string> addresses;  // Numeric.
};

struct ResolverOptions {
  // How long an answer is kept, whatever it claims itself (as k6 does). Zero: ask each time;
  // Duration::max(): for ever.
  Duration ttl = std::chrono::minutes(5);
  DnsSelect select = DnsSelect::random;
  DnsPolicy policy = DnsPolicy::prefer_ipv4;
  std::vector<HostEntry> hosts;      // Asked first, on every backend.
  std::string servers;               // "127.0.0.1:5353,10.0.0.1"; empty: those of /etc/resolv.conf.
  std::uint32_t names_max = 10'000;  // In the cache; the oldest goes.
  // A failure is kept this long, so that ten thousand VUs do not flood a DNS server.
  Duration failure_ttl = std::chrono::seconds(1);
  // For each server; there are two rounds, the second twice as long.
  Duration attempt_timeout = std::chrono::seconds(2);
};

struct HostPort {
  std::string_view host;  // A name, or an address without brackets.
  std::uint16_t port = 0;
};

class Resolver {
 public:
  Resolver(Loop& loop, ResolverOptions options);
  ~Resolver();  // REQUIRES: no resolve() is under way.

  // Never empty: the address to try first, then the others. Parks unless the answer is at hand.
  // Errors: dns (the host, and what the resolver said), timeout, cancelled.
  Result<std::vector<Endpoint>> resolve(Fiber& self, HostPort target, Instant deadline);

  void forget();  // Empties the cache.

  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace brunt
