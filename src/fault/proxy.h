// A proxy between a client and a service: TCP or unix on either side, bytes passed through as they
// are (TLS too), half-close and reset passed on, toxics on the way.
//
//   auto proxy = TRY(Proxy::open(dialer, {.listen = Endpoint::loopback(0), .upstream =
//   "localhost:6379"})); TRY(loop.spawn("proxy", [&](Fiber& self) { proxy->serve(self); })); //
//   until stop() TRY(proxy->set_toxic({.name = "far", .type = ToxicType::latency, .delay = 77ms}));
//
// One loop. A connection is two fibers, one for each direction, and holds no buffer while nothing
// waits in it. What a proxy on this side of the kernel cannot do: hold back the kernel's answer to
// a connect. So a client's connect() succeeds at once; what a far service would have taken for it
// comes on top of the first bytes (Toxic::handshake).
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "fault/kernel_road.h"
#include "fault/toxic.h"
#include "loop/loop.h"
#include "net/dialer.h"
#include "server/counter.h"

namespace brunt {

struct ProxyLimits {
  std::uint32_t connections_max = 20'000;  // One more is reset.
  // Bytes that may wait in one direction of one connection because of a toxic; then the sender
  // waits. With latency this and the round trip bound the throughput, as TCP's window does.
  std::size_t held_bytes_max = 4u << 20u;
  Duration connect_timeout = std::chrono::seconds(30);  // To the upstream.
  std::uint32_t toxics_max = 100;
};

struct ProxyOptions {
  std::string name;
  Endpoint listen = Endpoint::loopback(0);  // Port 0: the kernel chooses; ask endpoint().
  std::string upstream;                     // "localhost:6379", "[::1]:80", "unix:/path"
  bool enabled = true;
  // With proxies of other processes at the same address: the kernel deals connections out to them
  // (SO_REUSEPORT). All of one user, and each has to be told.
  bool share_port = false;
  const KernelRoad* road = nullptr;  // Listens at its far end. Has to outlive the proxy.
  std::uint64_t seed = 1;            // Of all chance in it.
  ProxyLimits limits;
};

// Counted since the start.
struct ProxyStats {
  Counter connections_accepted;
  Counter connections_open;     // Now.
  Counter connections_refused;  // By a toxic, or beyond the limit.
  Counter upstream_failed;      // The upstream could not be reached.
  Counter broken;               // Ended by a reset, of a peer or of a toxic.
  Counter ran_out;              // Clients that waited or were reset, for want of a descriptor.
  Counter bytes_upstream;       // Passed on.
  Counter bytes_downstream;
};

class ProxyConnection;

class Proxy {
 public:
  // Listens; nobody is served before serve(). `dialer` and its loop must outlive the proxy. Errors:
  // invalid (no upstream, an address that cannot be), io (the address is in use), exhausted.
  static Result<std::unique_ptr<Proxy>> open(Loop& loop, Dialer& dialer,
                                             const ProxyOptions& options);
  ~Proxy();  // REQUIRES: serve() has returned, or was never called.

  // Accepts until stop() or until `self` is cancelled; then closes what is connected, and returns
  // when all of it has ended.
  void serve(Fiber& self);
  void stop();

  // Disabled: nobody listens, and what is connected is closed. Errors: io.
  Result<> set_enabled(bool enabled);
  bool enabled() const;

  // Puts a toxic in place of the one of the same name, else behind the others; at work at once, for
  // open connections too. Errors: invalid, exhausted (toxics_max), io.
  Result<> set_toxic(Toxic toxic);
  Result<> remove_toxic(std::string_view name);  // Errors: not_found.
  Result<> remove_toxics();
  const std::vector<Toxic>& toxics() const;
  const Toxic* find_toxic(std::string_view name) const;

  // For connections that come from now on. Errors: invalid.
  Result<> set_upstream(std::string_view upstream);

  const std::string& name() const;
  const std::string& upstream() const;
  Endpoint endpoint() const;
  const ProxyStats& stats() const;
  const std::string& shortage() const;  // What was missing when stats().ran_out last rose.

  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

 private:
  friend class ProxyConnection;
  struct State;
  explicit Proxy(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// "host:port" or "unix:/path" as the dialer takes it: host (or path, which begins with '/'), port.
struct ProxyTarget {
  std::string host;
  std::uint16_t port = 0;
};
Result<ProxyTarget> parse_proxy_target(std::string_view text);

}  // namespace brunt
