// Where a stream goes to or comes from: an IPv4 or IPv6 address with a port, or a unix socket's
// path. A value; no I/O.
#pragma once
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace brunt {

class Endpoint {
 public:
  Endpoint() = default;  // No endpoint: family() is AF_UNSPEC.

  // "127.0.0.1:80", "[::1]:80", "unix:/path". Names are not resolved here (net/resolver.h). Errors:
  // invalid.
  static Result<Endpoint> parse(std::string_view text);
  // A numeric address without a port, "127.0.0.1" or "::1". Errors: invalid.
  static Result<Endpoint> from_ip(std::string_view ip, std::uint16_t port);
  static Endpoint from_sockaddr(const sockaddr* address, socklen_t size);
  static Endpoint any(std::uint16_t port);       // 0.0.0.0
  static Endpoint loopback(std::uint16_t port);  // 127.0.0.1

  int family() const;
  std::uint16_t port() const;  // 0 for unix sockets.
  Endpoint with_port(std::uint16_t port) const;
  bool is_loopback() const;  // 127.0.0.0/8, ::1, ::ffff:127.0.0.0/104, unix.
  std::string ip() const;    // Without the port; the path for unix sockets.
  std::string text() const;  // As parse() takes it.

  const sockaddr* address() const { return reinterpret_cast<const sockaddr*>(storage_.data()); }
  socklen_t size() const { return size_; }

  friend bool operator==(const Endpoint& a, const Endpoint& b);

 private:
  alignas(8) std::array<unsigned char, 112> storage_{};  // sockaddr_un is the largest we hold.
  socklen_t size_ = 0;
};

}  // namespace brunt
