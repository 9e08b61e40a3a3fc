// Proxies by name, each at work on fibers of its own: what the control API, the links of a plan and
// `brunt tool proxy` hold.
//
//   ProxySet proxies(loop, dialer, {.seed = 7});
//   Proxy& redis = *TRY(proxies.create({.name = "redis", .upstream = "localhost:6379"}));
//   ...
//   proxies.stop(self);                                       // before it goes
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fault/link_control.h"
#include "fault/proxy.h"
#include "loop/fiber_group.h"

namespace brunt {

struct ProxySetOptions {
  std::uint64_t seed = 1;  // Each proxy draws from a generator of its own, by its name.
  std::size_t proxies_max = 1000;
  bool share_ports = false;  // Of every proxy created: ProxyOptions::share_port.
};

// "127.0.0.1:80", "localhost:80", ":80" (every address), "[::1]:80", "unix:/path". Errors: invalid.
Result<Endpoint> parse_listen_address(std::string_view text);

class ProxySet final : public LinkSwitch {
 public:
  // Both must outlive it.
  ProxySet(Loop& loop, Dialer& dialer, const ProxySetOptions& options);
  ~ProxySet() override;  // REQUIRES: stop() has returned, or nothing was created.

  // Listens and serves from the next turn on; `options.seed` is overwritten. Errors: invalid (no
  // name, an address), denied (the name is taken), io (the address is), exhausted.
  Result<Proxy*> create(ProxyOptions options);

  Proxy* find(std::string_view name) const;  // nullptr: there is none.
  std::vector<Proxy*> all() const;           // In the order of their creation.

  // Parks until its connections have ended. Errors: not_found.
  Result<> remove(Fiber& self, std::string_view name);

  // Listens somewhere else or goes somewhere else: open connections are closed; toxics stay. Parks.
  // Errors: as create(), and not_found; then it is gone, as its old address may be.
  Result<Proxy*> replace(Fiber& self, ProxyOptions options);

  // Every proxy enabled, no toxics. Errors: io.
  Result<> reset();

  // Parks until all is over.
  void stop(Fiber& self);

  Result<> set(Fiber& self, std::string_view link, const Toxic& toxic) override;
  Result<> clear(Fiber& self, std::string_view link, std::string_view toxic_name) override;

 private:
  struct Entry {
    std::unique_ptr<Proxy> proxy;
    std::unique_ptr<FiberGroup> fibers;
  };
  std::vector<Entry>::iterator place_of(std::string_view name);

  Loop& loop_;
  Dialer& dialer_;
  ProxySetOptions options_;
  std::vector<Entry> entries_;
};

}  // namespace brunt
