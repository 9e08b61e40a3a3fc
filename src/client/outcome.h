// Why a request failed, of whatever protocol, in k6's numbers and in words: what the tags
// `error_code` and `error` say.
//
// `message` is one of a few fixed texts, so that a tag made of it stays a tag; what is special to
// the one case is in `detail`.
//
// Source: k6 docs, "Error codes"; k6.md, section 3.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/http2_session.h"

namespace brunt {

// In which part of the request it happened.
enum class RequestPhase : std::uint8_t {
  prepare,  // The URL, the head.
  dial,     // Name, connection, TLS.
  send,
  receive,
  decode,  // The content coding.
};

struct RequestFailure {
  std::uint16_t code = 1000;  // 1050 request timeout, 1212 refused, ...
  std::string_view message;   // "dial: connection refused". A literal.
  ErrorCode cause = ErrorCode::io;
  RequestPhase phase = RequestPhase::prepare;
  std::string detail;  // The error's own text: what, where, what to do.
};

// `deadline_passed`: the request's own deadline, not the dialer's for one address.
enum class DeadlineState : std::uint8_t { running, passed };

// Takes the error's text as the detail.
RequestFailure failure_of(Error error, RequestPhase phase, DeadlineState deadline);

// What HTTP/2 itself has ended: 1630 and more a stream, 1650 and more a connection, 1610 and more a
// goodbye, each by its code of RFC 9113.
RequestFailure failure_of(const Http2Fault& fault, Error error, RequestPhase phase);

// 1404 for 404; 0 below 400.
std::uint16_t error_code_of_status(std::uint16_t status);

}  // namespace brunt
