#include "net/dialer.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "base/text.h"
#include "base/units.h"
#include "net/host_pattern.h"
#include "net/limits.h"
#include "net/source_addresses.h"

namespace brunt {
namespace {

constexpr std::uint64_t local_ips_max = 65'536;
// A full source costs the kernel a search through all of its ports, so only a few are tried for one
// connection.
constexpr std::uint32_t sources_tried_max = 8;

bool is_out_of_ports(const Error& error) {
  return error.code == ErrorCode::exhausted && error.text.find("local port") != std::string::npos;
}

// Whether another address of the same host might do better.
bool worth_another_address(ErrorCode code) {
  return code == ErrorCode::refused || code == ErrorCode::unreachable || code == ErrorCode::reset ||
         code == ErrorCode::timeout;
}

std::unexpected<Error> out_of_ports(const Endpoint& to, const MachineLimits& limits,
                                    std::uint32_t sources) {
  return fail(
      ErrorCode::exhausted,
      fmt::format("connect to {}: no local port is left ({} ports, {} to {}, for each of {} source "
                  "{}): keep connections open, wait a minute, widen net.ipv4.ip_local_port_range, "
                  "or give more source addresses with --local-ips",
                  to.text(), limits.ports(), limits.port_first, limits.port_last, sources,
                  sources == 1 ? "address" : "addresses"));
}

Result<std::pair<std::string, std::uint16_t>> host_and_port(std::string_view text) {
  text = trim(text);
  std::string_view host = text, port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    host = text.substr(1, end == std::string_view::npos ? end : end - 1);
    if (end != std::string_view::npos && text.substr(end + 1).starts_with(':'))
      port = text.substr(end + 2);
  } else if (std::count(text.begin(), text.end(), ':') == 1) {
    host = text.substr(0, text.find(':'));
    port = text.substr(text.find(':') + 1);
  }
  std::int64_t number = 0;
  if (!port.empty()) {
    const Result<std::int64_t> parsed = parse_integer(port);
    number = parsed ? *parsed : -1;
  }
  if (host.empty() || text.ends_with(':') || number < 0 || number > 65'535)
    return fail(ErrorCode::invalid,
                fmt::format("\"{}\" is no host: write host or host:port", text));
  return std::pair(to_lower(host), static_cast<std::uint16_t>(number));
}

std::uint32_t ipv4_of(const Endpoint& endpoint) {
  sockaddr_in v4{};
  std::memcpy(&v4, endpoint.address(), sizeof v4);
  return ntohl(v4.sin_addr.s_addr);
}

Result<> append_range(std::vector<Endpoint>& out, std::uint64_t first, std::uint64_t last) {
  if (last - first >= local_ips_max || out.size() + (last - first) >= local_ips_max)
    return fail(ErrorCode::too_large, fmt::format("more than {} source addresses", local_ips_max));
  for (std::uint64_t ip = first; ip <= last; ++ip)
    out.push_back(TRY(Endpoint::from_ip(
        fmt::format("{}.{}.{}.{}", ip >> 24u & 255u, ip >> 16u & 255u, ip >> 8u & 255u, ip & 255u),
        0)));
  return {};
}

std::unexpected<Error> bad_local_ips(std::string_view text) {
  return fail(ErrorCode::invalid,
              fmt::format("\"{}\" is no source address: write 127.0.0.5, 10.0.0.3-10.0.0.9 or "
                          "10.1.0.0/24, with commas between",
                          text));
}

// One part of the list. Blocks and ranges are for IPv4 only, where they are of a size to walk
// through.
Result<> append_local_ips(std::vector<Endpoint>& out, std::string_view text) {
  const std::size_t cut = text.find_first_of("-/");
  const Result<Endpoint> first = Endpoint::from_ip(text.substr(0, cut), 0);
  if (!first) return bad_local_ips(text);
  if (cut == std::string_view::npos) {
    out.push_back(*first);
    return {};
  }
  if (first->family() != AF_INET) return bad_local_ips(text);
  const std::uint64_t start = ipv4_of(*first);
  const std::string_view rest = text.substr(cut + 1);
  if (text[cut] == '-') {
    const Result<Endpoint> last = Endpoint::from_ip(rest, 0);
    if (!last || last->family() != AF_INET || ipv4_of(*last) < start) return bad_local_ips(text);
    return append_range(out, start, ipv4_of(*last));
  }
  const Result<std::int64_t> bits = parse_integer(rest);
  if (!bits || *bits < 0 || *bits > 32) return bad_local_ips(text);
  const std::uint64_t size = std::uint64_t{1} << (32u - static_cast<unsigned>(*bits));
  const std::uint64_t base = start & ~(size - 1);
  // The first and the last of a block are the network and its broadcast.
  if (size > 2) return append_range(out, base + 1, base + size - 2);
  return append_range(out, base, base + size - 1);
}

}  // namespace

Result<std::vector<Endpoint>> parse_local_ips(std::string_view text) {
  std::vector<Endpoint> out;
  for (const std::string_view part : split(text, ',')) TRY(append_local_ips(out, trim(part)));
  return out;
}

bool fits(const Redirection& redirection, std::string_view host, std::uint16_t port) {
  return (redirection.from_port == 0 || redirection.from_port == port) &&
         (redirection.from_host == "*" || host_fits(redirection.from_host, host));
}

Result<Redirection> parse_redirection(std::string_view from, std::string_view to) {
  const auto source = TRY(host_and_port(from));
  const auto target = TRY(host_and_port(to));
  return Redirection{source.first, source.second, target.first, target.second};
}

struct Dialer::State {
  Loop& loop;
  Resolver& resolver;
  const AllowList& allow_list;
  DialerOptions options;
  MachineLimits limits;
  SourceAddresses sources;

  HostPort redirect(const DialTarget& target) const;
  Result<std::vector<Endpoint>> addresses_of(Fiber& self, const DialTarget& target,
                                             Instant deadline);
  Result<std::unique_ptr<Stream>> connect_to(Fiber& self, const Endpoint& to, Instant deadline);
  Result<std::unique_ptr<Stream>> connect_any(Fiber& self, const std::vector<Endpoint>& addresses,
                                              Instant deadline);
  Result<> travel(Fiber& self, const Endpoint& to, Instant deadline);
  Result<> speak_tls(Fiber& self, const DialTarget& target, Dialed& dialed, Instant deadline);
};

HostPort Dialer::State::redirect(const DialTarget& target) const {
  for (const Redirection& redirection : options.redirections) {
    if (!fits(redirection, target.host, target.port)) continue;
    return {redirection.to_host, redirection.to_port != 0 ? redirection.to_port : target.port};
  }
  return {target.host, target.port};
}

// The addresses that may be loaded. Errors also when there are some, but none is allowed.
Result<std::vector<Endpoint>> Dialer::State::addresses_of(Fiber& self, const DialTarget& target,
                                                          Instant deadline) {
  // Before anybody is asked where that is: as k6, which redirects it later too.
  TRY(allow_list.check_name(target.host));
  const HostPort where = redirect(target);
  std::vector<Endpoint> found;
  if (where.host.starts_with('/')) {
    found.push_back(TRY(Endpoint::parse(fmt::format("unix:{}", where.host))));
  } else {
    found = TRY(resolver.resolve(self, where, deadline));
  }
  std::vector<Endpoint> allowed;
  Error denial;
  for (const Endpoint& address : found) {
    const Result<> verdict = allow_list.check(where.host, address);
    if (verdict) {
      allowed.push_back(address);
    } else {
      denial = verdict.error();
    }
  }
  if (allowed.empty()) return std::unexpected(std::move(denial));
  return allowed;
}

Result<std::unique_ptr<Stream>> Dialer::State::connect_to(Fiber& self, const Endpoint& to,
                                                          Instant deadline) {
  if (loop.backend() == BackendKind::simulated)
    return loop.connect(self, {.to = to, .from = std::nullopt}, deadline);
  const std::uint32_t tries = std::min(sources.count(to), sources_tried_max);
  for (std::uint32_t i = 0; i < tries; ++i) {
    const SourceAddresses::Choice choice = sources.choose(to, loop.now());
    auto stream = loop.connect(self, {.to = to, .from = choice.from}, deadline);
    if (stream) return stream;
    if (stream.error().code == ErrorCode::exhausted && choice.from &&
        stream.error().text.find("Cannot assign") != std::string::npos)
      return fail(ErrorCode::invalid, fmt::format("{} is no address of this machine: check "
                                                  "--local-ips",
                                                  choice.from->ip()));
    if (!is_out_of_ports(stream.error())) return stream;
    if (tries > 1) sources.mark_full(to, choice, loop.now());
  }
  return out_of_ports(to, limits, sources.count(to));
}

Result<std::unique_ptr<Stream>> Dialer::State::connect_any(Fiber& self,
                                                           const std::vector<Endpoint>& addresses,
                                                           Instant deadline) {
  Error last;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const auto left = static_cast<std::int64_t>(addresses.size() - i);
    const Instant now = self.now();
    Instant attempt = deadline;
    if (left > 1) attempt = now + std::min((deadline - now) / left, options.connect_attempt_max);
    auto stream = connect_to(self, addresses[i], attempt);
    if (stream) return stream;
    last = std::move(stream).error();
    if (!worth_another_address(last.code) || self.now() >= deadline) break;
  }
  return std::unexpected(std::move(last));
}

Result<> Dialer::State::speak_tls(Fiber& self, const DialTarget& target, Dialed& dialed,
                                  Instant deadline) {
  if (target.tls == nullptr) return {};
  const std::string_view name = target.server_name.empty() ? target.host : target.server_name;
  Result<TlsConnection> tls = tls_connect(
      self, std::move(dialed.stream), *target.tls,
      {.server_name = name.starts_with('/') ? "" : name, .alpn = target.alpn}, deadline);
  if (!tls && tls.error().code == ErrorCode::timeout)
    return fail(ErrorCode::timeout,
                fmt::format("TLS handshake with {}:{} took too long", target.host, target.port));
  if (!tls) return std::unexpected(std::move(tls).error());
  dialed.stream = std::move(tls->stream);
  dialed.tls = std::move(tls->info);
  return {};
}

// The time that connecting would take if the peer were as far away as its proxy makes it.
Result<> Dialer::State::travel(Fiber& self, const Endpoint& to, Instant deadline) {
  const auto far = std::ranges::find(options.far, to, &FarAddress::at);
  if (far == options.far.end()) return {};
  const Instant arrives = loop.precise_now() + far->round_trip;
  TRY(self.sleep_until(std::min(arrives, deadline)));
  if (arrives > deadline)
    return fail(ErrorCode::timeout, "connect to " + to.text() + ": timed out");
  return {};
}

Dialer::Dialer(Loop& loop, Resolver& resolver, const AllowList& allow_list, DialerOptions options) {
  const MachineLimits limits = read_machine_limits();
  std::vector<Endpoint> local_ips = options.local_ips;
  const std::uint32_t first = options.loopback_first;
  state_.reset(new State{loop, resolver, allow_list, std::move(options), limits,
                         SourceAddresses(std::move(local_ips), limits.ports(), first)});
}

Dialer::~Dialer() = default;

Resolver& Dialer::resolver() {
  return state_->resolver;
}

Result<Dialed> Dialer::dial(Fiber& self, const DialTarget& target, Instant deadline) {
  State& state = *state_;
  Dialed dialed;
  dialed.timings.started = state.loop.precise_now();
  const auto addresses = TRY(state.addresses_of(self, target, deadline));
  dialed.timings.looked_up = state.loop.precise_now();
  auto stream = state.connect_any(self, addresses, deadline);
  // The address alone would leave the reader guessing which name led there.
  if (!stream && target.host != addresses.front().ip())
    return fail_in(target.host, std::move(stream).error());
  if (!stream) return std::unexpected(std::move(stream).error());
  dialed.stream = *std::move(stream);
  TRY(state.travel(self, dialed.stream->peer(), deadline));
  dialed.timings.connected = state.loop.precise_now();
  dialed.timings.tls_handshaken = dialed.timings.connected;
  TRY(state.speak_tls(self, target, dialed, deadline));
  if (target.tls != nullptr) dialed.timings.tls_handshaken = state.loop.precise_now();
  return dialed;
}

}  // namespace brunt
