#include "loop/endpoint.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstring>

namespace brunt {
namespace {

constexpr std::string_view unix_prefix = "unix:";

std::unexpected<Error> invalid(std::string_view text, std::string_view why) {
  return fail(ErrorCode::invalid, "'" + std::string(text) + "' is no address: " + std::string(why));
}

Result<std::uint16_t> parse_port(std::string_view whole, std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || error != std::errc() || end != text.data() + text.size())
    return invalid(whole, "the port must be a number from 0 to 65535");
  return port;
}

sockaddr_in ipv4(in_addr_t host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(host);
  return address;
}

template <typename T>
Endpoint from(const T& address, std::size_t size = sizeof(T)) {
  sockaddr_storage storage{};
  std::memcpy(&storage, &address, sizeof address);
  return Endpoint::from_sockaddr(reinterpret_cast<const sockaddr*>(&storage),
                                 static_cast<socklen_t>(size));
}

template <typename T>
T as(const Endpoint& endpoint) {
  T address{};
  std::memcpy(&address, endpoint.address(), sizeof address);
  return address;
}

Result<Endpoint> from_unix_path(std::string_view text) {
  const std::string_view path = text.substr(unix_prefix.size());
  sockaddr_un address{};
  if (path.empty()) return invalid(text, "the socket's path is empty");
  if (path.size() >= sizeof address.sun_path)
    return invalid(text, "a socket's path has at most 107 bytes");
  if (path.find('\0') != std::string_view::npos) return invalid(text, "it holds a zero byte");
  address.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), address.sun_path);
  return from(address, offsetof(sockaddr_un, sun_path) + path.size() + 1);
}

}  // namespace

Result<Endpoint> Endpoint::parse(std::string_view text) {
  if (text.starts_with(unix_prefix)) return from_unix_path(text);
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return invalid(text, "the port is missing, as in 'HOST:80'");
  const std::string_view host = text.substr(0, colon);
  const std::uint16_t port = TRY(parse_port(text, text.substr(colon + 1)));
  if (host.starts_with('[')) {
    if (!host.ends_with(']')) return invalid(text, "']' is missing");
    const std::string_view inner = host.substr(1, host.size() - 2);
    if (inner.find(':') == std::string_view::npos)
      return invalid(text, "in [] stands an IPv6 address");
    return from_ip(inner, port);
  }
  if (host.find(':') != std::string_view::npos)
    return invalid(text, "an IPv6 address stands in [], as in '[::1]:80'");
  return from_ip(host, port);
}

Result<Endpoint> Endpoint::from_ip(std::string_view ip, std::uint16_t port) {
  const std::string text(ip);
  // A zero byte inside would end the text early for inet_pton.
  if (text.find('\0') != std::string::npos) return invalid(ip, "it holds a zero byte");
  sockaddr_in6 six{};
  if (inet_pton(AF_INET6, text.c_str(), &six.sin6_addr) == 1) {
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(port);
    return from(six);
  }
  sockaddr_in four = ipv4(0, port);
  if (inet_pton(AF_INET, text.c_str(), &four.sin_addr) == 1) return from(four);
  return invalid(ip, "neither IPv4 nor IPv6");
}

Endpoint Endpoint::from_sockaddr(const sockaddr* address, socklen_t size) {
  Endpoint endpoint;
  const std::size_t bytes = std::min<std::size_t>(size, endpoint.storage_.size());
  std::memcpy(endpoint.storage_.data(), address, bytes);
  endpoint.size_ = static_cast<socklen_t>(bytes);
  return endpoint;
}

Endpoint Endpoint::any(std::uint16_t port) {
  return from(ipv4(INADDR_ANY, port));
}
Endpoint Endpoint::loopback(std::uint16_t port) {
  return from(ipv4(INADDR_LOOPBACK, port));
}

int Endpoint::family() const {
  return size_ < sizeof(sa_family_t) ? AF_UNSPEC : address()->sa_family;
}

std::uint16_t Endpoint::port() const {
  if (family() == AF_INET) return ntohs(as<sockaddr_in>(*this).sin_port);
  if (family() == AF_INET6) return ntohs(as<sockaddr_in6>(*this).sin6_port);
  return 0;
}

Endpoint Endpoint::with_port(std::uint16_t port) const {
  if (family() == AF_INET) {
    auto address = as<sockaddr_in>(*this);
    address.sin_port = htons(port);
    return from(address);
  }
  if (family() == AF_INET6) {
    auto address = as<sockaddr_in6>(*this);
    address.sin6_port = htons(port);
    return from(address);
  }
  return *this;
}

bool Endpoint::is_loopback() const {
  if (family() == AF_INET) return ntohl(as<sockaddr_in>(*this).sin_addr.s_addr) >> 24u == 127;
  if (family() == AF_INET6) {
    const in6_addr ip = as<sockaddr_in6>(*this).sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(&ip) || (IN6_IS_ADDR_V4MAPPED(&ip) && ip.s6_addr[12] == 127);
  }
  return family() == AF_UNIX;
}

std::string Endpoint::ip() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (family() == AF_INET) {
    const auto four = as<sockaddr_in>(*this);
    inet_ntop(AF_INET, &four.sin_addr, text.data(), text.size());
  } else if (family() == AF_INET6) {
    const auto six = as<sockaddr_in6>(*this);
    inet_ntop(AF_INET6, &six.sin6_addr, text.data(), text.size());
  } else if (family() == AF_UNIX) {
    // The peer of an accepted unix stream usually has no name at all: then the path is empty.
    const auto* path =
        reinterpret_cast<const char*>(storage_.data()) + offsetof(sockaddr_un, sun_path);
    const std::size_t bytes = size_ - std::min<std::size_t>(size_, offsetof(sockaddr_un, sun_path));
    return {path, strnlen(path, bytes)};
  }
  return text.data();
}

std::string Endpoint::text() const {
  switch (family()) {
    case AF_INET:
      return ip() + ':' + std::to_string(port());
    case AF_INET6:
      return '[' + ip() + "]:" + std::to_string(port());
    case AF_UNIX:
      return std::string(unix_prefix) + ip();
    default:
      return "(none)";
  }
}

bool operator==(const Endpoint& a, const Endpoint& b) {
  // By meaning, not by bytes: a unix address may come back from the kernel with another size.
  return a.family() == b.family() && a.port() == b.port() && a.ip() == b.ip();
}

}  // namespace brunt
