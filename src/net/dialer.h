// Opens connections: looks the name up, asks the allow-list, chooses a source address, connects (to
// the next address when one refuses), and speaks TLS where asked; it says how long each part took.
//
// Belongs to one loop; any number of fibers may dial at once. A pool of connections is not its
// business (client/).
//
//   Dialer dialer(loop, resolver, allow_list, {});
//   Dialed dialed = TRY(dialer.dial(self, {.host = "localhost", .port = 8080}, self.now() + 5s));
//
// Ports: one source address has about 28,000 ports towards one destination, and a closed connection
// keeps its port for a minute. Towards loopback the dialer goes on to 127.0.0.2, 127.0.0.3, ...
// when an address has been used for a quarter of them within a minute, or the kernel has no
// more; else it rotates through `local_ips`.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "loop/loop.h"
#include "net/allow_list.h"
#include "net/resolver.h"
#include "net/tls.h"

namespace brunt {

// "127.0.0.5", "10.0.0.3-10.0.0.9", "10.1.0.0/24", with commas between, as k6's --local-ips.
// Errors: invalid, too_large beyond 65,536 addresses.
Result<std::vector<Endpoint>> parse_local_ips(std::string_view text);

// Sends what is meant for `from` to `to`: --map, and k6's `hosts`. The name that TLS and the Host
// header use stays.
struct Redirection {
  std::string from_host;        // "shop.test" or "*.shop.test"
  std::uint16_t from_port = 0;  // 0: any.
  std::string to_host;
  std::uint16_t to_port = 0;  // 0: as it was.
};
Result<Redirection> parse_redirection(std::string_view from, std::string_view to);
// Whether it is meant for this host and port.
bool fits(const Redirection& redirection, std::string_view host, std::uint16_t port);

// Where a proxy of ours stands for something far away: connecting there takes the round trip too,
// which no proxy can make a kernel wait for (fault/proxy.h).
struct FarAddress {
  Endpoint at;
  Duration round_trip{};
};

struct DialerOptions {
  std::vector<Endpoint> local_ips;  // Source addresses, used in turn; empty: the kernel's choice.
  // Towards loopback without `local_ips`: with which of 127.0.0.1, .2, ... to begin. Dialers beside
  // each other that begin apart do not fill up one address's ports together.
  std::uint32_t loopback_first = 0;
  std::vector<Redirection> redirections;  // The first that fits counts.
  std::vector<FarAddress> far;
  // For each address; where a name has several, they share what is left until the deadline evenly.
  Duration connect_attempt_max = std::chrono::seconds(30);
};

struct DialTarget {
  std::string_view host;  // A name, an address, or, beginning with '/', a unix socket's path.
  std::uint16_t port = 0;
  TlsContext* tls = nullptr;     // nullptr: no TLS.
  std::string_view server_name;  // Empty: `host`.
  std::span<const std::string> alpn;
};

// Each instant is when that part was over; a part that was not needed ends when it began.
struct DialTimings {
  Instant started, looked_up, connected, tls_handshaken;
  Duration looking_up() const { return looked_up - started; }
  Duration connecting() const { return connected - looked_up; }
  Duration tls_handshaking() const { return tls_handshaken - connected; }
};

struct Dialed {
  std::unique_ptr<Stream> stream;
  DialTimings timings;
  TlsInfo tls;  // `version` is empty without TLS.
};

class Dialer {
 public:
  // All three must outlive the dialer.
  Dialer(Loop& loop, Resolver& resolver, const AllowList& allow_list, DialerOptions options);
  ~Dialer();

  // Parks until connected. Errors: dns, denied, refused, unreachable, reset, tls, timeout,
  // exhausted (ports or descriptors; says what to do), cancelled.
  Result<Dialed> dial(Fiber& self, const DialTarget& target, Instant deadline);

  Resolver& resolver();

  Dialer(const Dialer&) = delete;
  Dialer& operator=(const Dialer&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace brunt
