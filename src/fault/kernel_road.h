// A road that the kernel makes long, narrow and lossy, packet by packet: what a proxy above TCP
// cannot do, as it gets a stream in which nothing is missing any more.
//
//   auto road = TRY(KernelRoad::open(self, {.round_trip = 40ms, .loss = 0.01}));
//   auto listener = TRY(road->listen(loop, {.at = Endpoint::any(6379)}));   // at the far end
//   ... a connection to listener->local() goes over the road ...
//
// A pair of virtual network cards (veth) with a queue (netem, or tbf where only the width counts)
// at either end. The far one is in a network namespace that has no name: it is gone with the last
// socket in it, and the pair with it, also when we are killed. No other interface is touched, the
// machine's loopback least of all. Root only; by `ip` and `tc` of iproute2.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "fault/toxic.h"
#include "loop/loop.h"
#include "net/owned_descriptor.h"

namespace brunt {

// Shares are of packets, each way, 0 to 1.
struct RoadShape {
  Duration round_trip{};  // Half of it each way.
  Duration jitter{};      // Around that. The kernel lets packets overtake; TCP puts them in order.
  JitterShape distribution = JitterShape::uniform;
  std::uint64_t bytes_a_second = 0;  // Each way; 0: as wide as it goes.
  double loss = 0, duplicate = 0, corrupt = 0;
  double reorder = 0;  // This share overtakes all that are under way: needs a round trip.
  friend bool operator==(const RoadShape&, const RoadShape&) = default;
};

// Errors: invalid: a share outside 0 to 1, jitter longer than the road, what reorders nothing.
Result<> check_road(const RoadShape& shape);

// The queue of either end as `tc qdisc add dev X root` takes it: "netem limit 100000 loss random
// 1%". REQUIRES: check_road().
std::string queue_words(const RoadShape& shape);

class KernelRoad {
 public:
  // Parks while ip and tc work. Errors: invalid; unsupported: what this machine lacks and what it
  // would need; not_found (no iproute2: says the package).
  static Result<std::unique_ptr<KernelRoad>> open(Fiber& self, const RoadShape& shape);

  // Where this process reaches the far end; the port is whatever listens there. Nobody else should
  // be told: when we are gone, the address is one of the wide world again.
  const Endpoint& far_end() const { return far_end_; }

  // Listens at the far end, at the port of `options.at`, whatever its address is. What it accepts
  // has come over the road. Errors: as Loop::listen(), invalid (a unix socket), io.
  Result<std::unique_ptr<Listener>> listen(Loop& loop, ListenOptions options) const;

  KernelRoad(const KernelRoad&) = delete;
  KernelRoad& operator=(const KernelRoad&) = delete;

 private:
  KernelRoad(OwnedDescriptor here, OwnedDescriptor far)
      : here_(std::move(here)), far_(std::move(far)) {}
  Result<std::uint32_t> add_pair(Fiber& self) const;
  Result<> set_up(Fiber& self, std::uint32_t number, const RoadShape& shape);

  OwnedDescriptor here_, far_;  // Network namespaces: ours, and that of the far end.
  Endpoint far_end_;
};

}  // namespace brunt
