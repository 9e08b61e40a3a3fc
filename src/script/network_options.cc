#include "script/network_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/units.h"
#include "load/segment.h"
#include "net/allow_list.h"
#include "net/dialer.h"
#include "net/resolver.h"
#include "net/tls.h"

namespace brunt {
namespace {

std::unexpected<Error> wrong(std::string_view name, std::string_view what, const Json& value) {
  return fail(ErrorCode::invalid, fmt::format("options.{}: {}, not {}", name, what, value.dump()));
}

// The error, if it is one, as the option's.
template <typename T>
Result<> checked(std::string_view name, const Result<T>& parsed) {
  if (parsed) return {};
  return fail(ErrorCode::invalid, fmt::format("options.{}: {}", name, parsed.error().text));
}

// "a", or ["a", "b"].
Result<std::vector<std::string>> texts_in(std::string_view name, const Json& value) {
  std::vector<std::string> texts;
  if (value.is_string()) texts.push_back(value.string());
  if (value.is_array())
    for (const Json& one : value.array()) texts.push_back(one.text());
  if (texts.empty() && !value.is_array()) return wrong(name, "a list of texts", value);
  return texts;
}

std::string text_at(const Json& object, std::string_view name) {
  const Json* value = object.find(name);
  return value != nullptr && !value->is_null() ? value->text() : std::string();
}

Result<> read_hosts(const Json& value, ScriptNetworkOptions& options) {
  if (!value.is_object())
    return wrong("hosts", "an object like { \"shop.test\": \"1.2.3.4\" }", value);
  for (const auto& [from, to] : value.object()) {
    TRY(checked("hosts", parse_redirection(from, to.text())));
    options.hosts.emplace_back(from, to.text());
  }
  return {};
}

Result<> read_blocked(std::string_view name, const Json& value, ScriptNetworkOptions& options) {
  for (std::string& rule : TRY(texts_in(name, value))) {
    TRY(checked(name, AllowList::parse({.allow = {}, .block = {rule}})));
    options.blocked.push_back(std::move(rule));
  }
  return {};
}

Result<> read_dns(const Json& value, ScriptNetworkOptions& options) {
  if (!value.is_object()) return wrong("dns", "an object of ttl, select, policy", value);
  for (const auto& [name, member] : value.object())
    if ((name != "ttl" && name != "select" && name != "policy") || member.text().empty())
      return wrong("dns", "an object of ttl, select, policy", value);
  options.dns_select = text_at(value, "select");
  options.dns_policy = text_at(value, "policy");
  if (!options.dns_select.empty()) TRY(checked("dns.select", parse_dns_select(options.dns_select)));
  if (!options.dns_policy.empty()) TRY(checked("dns.policy", parse_dns_policy(options.dns_policy)));
  const std::string ttl = text_at(value, "ttl");
  if (ttl == "inf") {
    options.dns_ttl = Duration::max();
  } else if (const auto milliseconds = parse_number(ttl); milliseconds && *milliseconds >= 0) {
    options.dns_ttl = from_seconds(*milliseconds / 1000);
  } else if (!ttl.empty()) {
    const auto parsed = parse_duration(ttl);
    TRY(checked("dns.ttl", parsed));
    options.dns_ttl = *parsed;
  }
  return {};
}

Result<> read_tls_version(const Json& value, ScriptNetworkOptions& options) {
  options.tls_version_min = value.is_object() ? text_at(value, "min") : value.text();
  options.tls_version_max = value.is_object() ? text_at(value, "max") : value.text();
  // Which nobody speaks any more, k6 neither: from the next on.
  if (options.tls_version_min == "ssl3.0") options.tls_version_min = "tls1.0";
  for (const std::string& one : {options.tls_version_min, options.tls_version_max})
    if (!one.empty()) TRY(checked("tlsVersion", parse_tls_version(one)));
  return {};
}

Result<> read_tls_auth(const Json& value, ScriptNetworkOptions& options) {
  if (!value.is_array()) return wrong("tlsAuth", "a list of { cert, key, domains }", value);
  options.certificates.clear();
  for (const Json& one : value.array()) {
    ScriptNetworkOptions::Certificate certificate{.certificate = text_at(one, "cert"),
                                                  .key = text_at(one, "key"),
                                                  .key_password = text_at(one, "password")};
    if (const Json* domains = one.find("domains"); domains != nullptr && !domains->is_null())
      certificate.domains = TRY(texts_in("tlsAuth.domains", *domains));
    options.certificates.push_back(std::move(certificate));
  }
  return {};
}

Result<> read_ciphers(const Json& value, ScriptNetworkOptions& options) {
  options.tls_ciphers.clear();
  const auto left_out = ciphers_left_out(value);
  for (std::string name : TRY(texts_in("tlsCipherSuites", value))) {
    if (std::ranges::find(left_out, name) != left_out.end()) continue;
    if (name.ends_with("CHACHA20_POLY1305")) name += "_SHA256";  // The older name, as Go has it.
    options.tls_ciphers.append(options.tls_ciphers.empty() ? "" : ":").append(name);
  }
  return {};
}

Result<> read_segment(const Json& value, std::string& text) {
  text = value.text();
  return checked("executionSegment", Segment::parse(text));
}

}  // namespace

std::vector<std::string> ciphers_left_out(const Json& value) {
  // k6 takes them; OpenSSL has them no more.
  constexpr std::array<std::string_view, 5> gone = {
      "TLS_RSA_WITH_RC4_128_SHA", "TLS_ECDHE_RSA_WITH_RC4_128_SHA",
      "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA", "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
      "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA"};
  std::vector<std::string> found;
  if (value.is_array())
    for (const Json& one : value.array())
      if (std::ranges::find(gone, std::string_view(one.text())) != gone.end())
        found.push_back(one.text());
  return found;
}

Result<bool> read_network_option(std::string_view name, const Json& value,
                                 ScriptNetworkOptions& options) {
  if (name == "hosts") {
    TRY(read_hosts(value, options));
  } else if (name == "blacklistIPs" || name == "blockHostnames") {
    TRY(read_blocked(name, value, options));
  } else if (name == "dns") {
    TRY(read_dns(value, options));
  } else if (name == "localIPs") {
    options.local_ips = value.text();
    TRY(checked(name, parse_local_ips(options.local_ips)));
  } else if (name == "tlsVersion") {
    TRY(read_tls_version(value, options));
  } else if (name == "tlsAuth") {
    TRY(read_tls_auth(value, options));
  } else if (name == "tlsCipherSuites") {
    TRY(read_ciphers(value, options));
  } else if (name == "rps") {
    if (!value.is_number() || value.number() < 0) return wrong(name, "requests a second", value);
    options.requests_each_second = value.number();
  } else if (name == "executionSegment") {
    TRY(read_segment(value, options.segment));
  } else if (name == "executionSegmentSequence") {
    options.segment_sequence = value.text();
  } else {
    return false;
  }
  return true;
}

}  // namespace brunt
