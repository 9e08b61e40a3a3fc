#include "client/outcome.h"

#include <array>
#include <string>
#include <utility>

namespace brunt {
namespace {

struct Coded {
  std::uint16_t code;
  std::string_view message;
};

constexpr std::uint16_t generic = 1000;

struct TlsCause {
  std::string_view prefix;  // As net/tls.h promises its error texts.
  Coded coded;
};
constexpr std::array tls_causes = std::to_array<TlsCause>({
    {"unknown authority", {1310, "x509: certificate signed by unknown authority"}},
    {"name mismatch", {1311, "x509: certificate doesn't match hostname"}},
    {"not a TLS server", {1301, "tls: first record does not look like a TLS handshake"}},
    {"expired", {1300, "x509: certificate has expired or is not yet valid"}},
    {"not yet valid", {1300, "x509: certificate has expired or is not yet valid"}},
    {"bad certificate", {1300, "x509: bad certificate"}},
    {"refused by peer", {1300, "tls: refused by peer"}},
    {"handshake cut", {1300, "tls: handshake cut"}},
});

Coded of_tls(std::string_view text) {
  // The dialer may have put the host in front: "shop.test: name mismatch: ...".
  for (const TlsCause& cause : tls_causes)
    if (text.starts_with(cause.prefix) ||
        text.find(std::string(": ").append(cause.prefix)) != std::string_view::npos)
      return cause.coded;
  return {1300, "tls: connection broken"};
}

Coded of_dial(const Error& error) {
  switch (error.code) {
    case ErrorCode::refused:
      return {1212, "dial: connection refused"};
    case ErrorCode::timeout:
      return {1211, "dial: i/o timeout"};
    case ErrorCode::reset:
    case ErrorCode::closed:
      return {1220, "dial: connection reset by peer"};
    case ErrorCode::unreachable:
      return {1213, "dial: network is unreachable"};
    case ErrorCode::exhausted:
      return {1210, "dial: no ports or descriptors left"};
    default:
      return {1210, "dial: failed"};
  }
}

// By the ends of AllowList's texts.
Coded of_denial(std::string_view text) {
  if (text.ends_with("blocked hosts")) return {1111, "hostname is blocked"};
  if (text.ends_with("blocked addresses")) return {1110, "ip is blacklisted"};
  return {1110, "address is not allowed"};
}

Coded of_exchange(const Error& error, RequestPhase phase) {
  const bool sending = phase == RequestPhase::send;
  switch (error.code) {
    case ErrorCode::reset:
      return {1220, sending ? "write: connection reset by peer" : "read: connection reset by peer"};
    case ErrorCode::closed:
      // Go's words for the two, which k6 shows.
      return {generic,
              error.text.starts_with("closed before the first byte") ? "EOF" : "unexpected EOF"};
    case ErrorCode::malformed:
      return {generic, "malformed HTTP response"};
    case ErrorCode::too_large:
      return {generic, "response too large"};
    case ErrorCode::timeout:
      return {1050, "request timeout"};
    case ErrorCode::unsupported:
      return {generic, "unsupported response"};
    default:
      return {1200, sending ? "write: failed" : "read: failed"};
  }
}

Coded coded(const Error& error, RequestPhase phase, DeadlineState deadline) {
  if (error.code == ErrorCode::cancelled) return {generic, "request cancelled"};
  if (error.code == ErrorCode::timeout && deadline == DeadlineState::passed)
    return {1050, "request timeout"};
  if (phase == RequestPhase::prepare) return {1020, "invalid URL or request"};
  if (phase == RequestPhase::decode) return {1701, "response could not be decompressed"};
  if (error.code == ErrorCode::tls) return of_tls(error.text);
  if (error.code == ErrorCode::dns) return {1101, "lookup: no such host"};
  if (error.code == ErrorCode::denied) return of_denial(error.text);
  if (phase == RequestPhase::dial) return of_dial(error);
  return of_exchange(error, phase);
}

// By Http2Fault::Of.
constexpr std::array http2_kinds = std::to_array<Coded>({
    {1630, "http2: stream error with http2 ErrCode "},
    {1650, "http2: connection error with http2 ErrCode "},
    {1610, "http2: received GoAway with http2 ErrCode "},
});
constexpr std::size_t http2_codes = 14;  // Of RFC 9113; k6 counts all others as one.
using Http2Words = std::array<std::string, http2_codes + 1>;

// Made once and kept, so that a failure's message can view them.
const std::array<Http2Words, http2_kinds.size()>& http2_words() {
  static const auto all = [] {
    std::array<Http2Words, http2_kinds.size()> made;
    for (std::size_t of = 0; of < made.size(); ++of)
      for (std::uint32_t code = 0; code <= http2_codes; ++code)
        made[of][code].append(http2_kinds[of].message).append(http2_error_name(code));
    return made;
  }();
  return all;
}

}  // namespace

RequestFailure failure_of(Error error, RequestPhase phase, DeadlineState deadline) {
  const Coded found = coded(error, phase, deadline);
  return {.code = found.code,
          .message = found.message,
          .cause = error.code,
          .phase = phase,
          .detail = std::move(error.text)};
}

RequestFailure failure_of(const Http2Fault& fault, Error error, RequestPhase phase) {
  const auto of = static_cast<std::size_t>(fault.of);
  const Http2Words& words = http2_words()[of];
  const bool known = fault.error_code < http2_codes;
  const std::uint32_t offset = known ? fault.error_code + 1 : 0;
  return {.code = static_cast<std::uint16_t>(http2_kinds[of].code + offset),
          .message = words[known ? fault.error_code : http2_codes],
          .cause = error.code,
          .phase = phase,
          .detail = std::move(error.text)};
}

std::uint16_t error_code_of_status(std::uint16_t status) {
  constexpr std::uint16_t first_error = 400;
  return status >= first_error ? static_cast<std::uint16_t>(generic + status) : std::uint16_t{0};
}

}  // namespace brunt
