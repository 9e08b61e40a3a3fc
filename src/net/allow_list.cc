#include "net/allow_list.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

#include "base/text.h"
#include "base/units.h"
#include "net/host_pattern.h"

namespace brunt {
namespace {

// The bytes of an address in network order; an IPv4 address that is dressed up as IPv6
// (::ffff:1.2.3.4) is undressed, so that one rule covers both.
struct AddressBytes {
  std::array<unsigned char, 16> bytes{};
  std::size_t size = 0;
};

AddressBytes bytes_of(const Endpoint& endpoint) {
  AddressBytes out;
  if (endpoint.family() == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, endpoint.address(), sizeof v4);
    std::memcpy(out.bytes.data(), &v4.sin_addr, 4);
    out.size = 4;
  } else if (endpoint.family() == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, endpoint.address(), sizeof v6);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
      std::memcpy(out.bytes.data(), v6.sin6_addr.s6_addr + 12, 4);
      out.size = 4;
    } else {
      std::memcpy(out.bytes.data(), v6.sin6_addr.s6_addr, 16);
      out.size = 16;
    }
  }
  return out;
}

// 0.0.0.0 and :: as a destination mean this machine.
bool is_this_machine(const Endpoint& address) {
  if (address.is_loopback()) return true;
  const AddressBytes bytes = bytes_of(address);
  if (bytes.size == 0) return false;
  return std::all_of(bytes.bytes.begin(),
                     bytes.bytes.begin() + static_cast<std::ptrdiff_t>(bytes.size),
                     [](unsigned char byte) { return byte == 0; });
}

bool same_prefix(const AddressBytes& a, const AddressBytes& b, unsigned bits) {
  if (a.size != b.size) return false;
  const std::size_t whole = bits / 8;
  if (!std::equal(a.bytes.begin(), a.bytes.begin() + static_cast<std::ptrdiff_t>(whole),
                  b.bytes.begin()))
    return false;
  const unsigned rest = bits % 8;
  if (rest == 0) return true;
  const unsigned mask = 0xffu << (8 - rest) & 0xffu;
  return (a.bytes[whole] & mask) == (b.bytes[whole] & mask);
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

std::string canonical_name(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  return to_lower(host);
}

// A rule's host part, and its port part ("" where there is none).
struct RuleParts {
  std::string_view host;
  std::string_view port;
};

RuleParts take_apart(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return {text, ""};
    const std::string_view rest = text.substr(end + 1);
    if (rest.empty()) return {text.substr(1, end - 1), ""};
    if (rest.starts_with(':')) return {text.substr(1, end - 1), rest.substr(1)};
    return {text, ""};
  }
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos)
    return {text, ""};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

std::unexpected<Error> bad_rule(std::string_view text, std::string_view why) {
  return fail(ErrorCode::invalid,
              fmt::format("\"{}\" is no allow rule: {}; write a name, an address, or a block, with "
                          "or without a port: shop.test, *.shop.test, 10.0.0.7, 10.0.0.0/8, "
                          "shop.test:443, [fd00::1]:80",
                          text, why));
}

}  // namespace

Result<AllowList::Rule> AllowList::parse_rule(std::string_view text) {
  text = trim(text);
  if (text.empty()) return bad_rule(text, "it is empty");
  if (text.find("://") != std::string_view::npos)
    return bad_rule(text, "it has a scheme, and rules are about hosts");
  const RuleParts parts = take_apart(text);
  Rule rule;
  if (!parts.port.empty() || text.ends_with(':')) {
    const Result<std::int64_t> port = parse_integer(parts.port);
    if (!port || *port < 1 || *port > 65'535)
      return bad_rule(text, "its port is not between 1 and 65535");
    rule.port = static_cast<std::uint16_t>(*port);
  }
  const std::size_t slash = parts.host.find('/');
  const Result<Endpoint> base = Endpoint::from_ip(parts.host.substr(0, slash), 0);
  if (base) {
    const std::size_t bits_max = bytes_of(*base).size * 8;
    rule.base = *base;
    rule.prefix_bits = static_cast<std::uint8_t>(bits_max);
    if (slash != std::string_view::npos) {
      const Result<std::int64_t> bits = parse_integer(parts.host.substr(slash + 1));
      if (!bits || *bits < 0 || *bits > static_cast<std::int64_t>(bits_max))
        return bad_rule(text, fmt::format("what follows '/' is not between 0 and {}", bits_max));
      rule.prefix_bits = static_cast<std::uint8_t>(*bits);
    }
    return rule;
  }
  if (slash != std::string_view::npos)
    return bad_rule(text, "there is no address in front of the '/'");
  rule.name = canonical_name(parts.host);
  const std::string_view plain =
      rule.name.starts_with("*.") ? std::string_view(rule.name).substr(2) : rule.name;
  if (plain.empty() || !std::all_of(plain.begin(), plain.end(), is_name_character))
    return bad_rule(text, "that is neither a name nor an address");
  return rule;
}

Result<AllowList> AllowList::parse(const AllowRules& rules) {
  AllowList list;
  for (const std::string& text : rules.allow) list.allow_.push_back(TRY(parse_rule(text)));
  for (const std::string& text : rules.block) list.block_.push_back(TRY(parse_rule(text)));
  return list;
}

AllowList AllowList::everything() {
  AllowList list;
  list.everything_ = true;
  return list;
}

bool AllowList::matches(const Rule& rule, std::string_view host, const Endpoint& address) {
  if (rule.port != 0 && rule.port != address.port()) return false;
  if (!rule.name.empty()) return host_fits(rule.name, host);
  return same_prefix(bytes_of(rule.base), bytes_of(address), rule.prefix_bits);
}

std::unexpected<Error> AllowList::blocked(std::string_view where, const Rule& by) {
  // The end of this text tells the two apart: failure_of() gives each a code of its own.
  return fail(ErrorCode::denied, fmt::format("{} is on the list of blocked {}", where,
                                             by.name.empty() ? "addresses" : "hosts"));
}

Result<> AllowList::check_name(std::string_view host) const {
  if (everything_) return {};
  const std::string name = canonical_name(host);
  for (const Rule& rule : block_)
    if (!rule.name.empty() && rule.port == 0 && host_fits(rule.name, name))
      return blocked(host, rule);
  return {};
}

Result<> AllowList::check(std::string_view host, const Endpoint& address) const {
  if (everything_) return {};
  const std::string name = canonical_name(host);
  const auto fits = [&](const Rule& rule) { return matches(rule, name, address); };
  const bool is_address = name == address.ip() || host.empty() || address.family() == AF_UNIX;
  const std::string where =
      is_address ? address.text() : fmt::format("{} ({})", host, address.text());
  const auto rule = std::find_if(block_.begin(), block_.end(), fits);
  if (rule != block_.end()) return blocked(where, *rule);
  if (is_this_machine(address) || std::any_of(allow_.begin(), allow_.end(), fits)) return {};
  return fail(ErrorCode::denied,
              fmt::format("{} is not on this machine, and nothing allows to load it: if it is "
                          "yours to load, give --allow {} or add it to the plan's `allow:`",
                          where, host.empty() ? address.ip() : std::string(host)));
}

}  // namespace brunt
