// The IoT service of systems.md: devices log in, ask what to do, and send measurements, which are
// on the disk before they are answered. `brunt serve iot` is this; docs/reference/iot.md is its
// manual.
//
//   auto service = TRY(IotService::start(self, {.store = {.url = "sqlite:lab.db"}}));
//   print(service->endpoint());
//   ...                                   // serves on self.loop() and on threads - 1 more loops
//   service->stop();                      // graceful: requests under way are answered
//   service->join(self);
//
// Runs on the simulated loop too (one thread; SQLite is real there).
#pragma once
#include <cstdint>
#include <memory>
#include <optional>

#include "base/result.h"
#include "base/time.h"
#include "loop/loop.h"
#include "server/http_server.h"
#include "service/iot/group_committer.h"
#include "service/iot/iot_store.h"

namespace brunt {

struct IotOptions {
  Endpoint listen = Endpoint::loopback(0);  // Port 0: the kernel chooses; ask endpoint().
  IotStoreOptions store{.url = "sqlite:"};
  std::size_t threads = 1;  // Loops, the caller's among them.
  GroupLimits groups;
  HttpServerLimits http;
  std::optional<TlsServerOptions> tls;
  std::size_t devices_max = 1'000'000;  // 50 bytes each. One more login gets 503.
  // GET /statistics answers from memory for so long, or ten times as long as the query took,
  // whichever is longer: asking often must not slow the commits down. Zero: asks each time.
  Duration statistics_age_max = std::chrono::seconds(1);
  Duration drain_time = std::chrono::seconds(10);  // For requests under way at the end.
  std::uint64_t seed = 0;                          // For device ids. 0: drawn from the kernel.
};

class IotService {
 public:
  // Opens the store (waiting for a server that is just starting), loads the devices, listens, and
  // serves in fibers and threads of its own. Errors: those of the store and of listening; then
  // nothing is left running.
  static Result<std::unique_ptr<IotService>> start(Fiber& self, const IotOptions& options);
  ~IotService();  // REQUIRES: join() has returned.

  Endpoint endpoint() const;

  // Asks for a graceful end: no new connections, requests under way are answered. On the loop's
  // thread; does not park.
  void stop();

  // Parks until everything has ended: after stop(), or when the loop was stopped. When `self` is
  // cancelled the service ends at once, and join() still waits for that.
  void join(Fiber& self);

  IotService(const IotService&) = delete;
  IotService& operator=(const IotService&) = delete;

 private:
  struct State;
  explicit IotService(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace brunt
