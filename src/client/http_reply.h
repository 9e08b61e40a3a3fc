// What came of one HTTP request: the response, or why there is none, and how long each part took.
//
// A reply is made to be used again for the next request. It borrows its response's memory from the
// loop's HttpBuffers: release() it (or send again, or let it go) when the response has been looked
// at, so that a virtual user that thinks holds nothing.
//
// Timings are k6's: duration() = sending + waiting + receiving; blocked, which contains looking up,
// connecting and the TLS handshake, is not in it. A request that got no answer has waited until it
// ended; one that got no connection has only zeros.
//
// Source: k6 docs, "Response.timings"; k6.md, section 3.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "base/url.h"
#include "client/http_buffers.h"
#include "client/outcome.h"
#include "loop/endpoint.h"
#include "wire/http_message.h"

namespace brunt {

struct HttpTimings {
  Instant started;     // When send() was called, or the hop began.
  Duration blocked{};  // Until there was a connection; zero for one that lay ready.
  Duration looking_up{};
  Duration connecting{};
  Duration tls_handshaking{};
  Duration sending{};    // Until the last byte was handed to the kernel.
  Duration waiting{};    // Until the first byte of the response.
  Duration receiving{};  // Until its last.

  Duration duration() const { return sending + waiting + receiving; }
  Instant ended() const { return started + blocked + duration(); }
};

class HttpReply {
 public:
  // 0 when there is no response.
  std::uint16_t status() const { return ok() ? message().status() : std::uint16_t{0}; }
  bool ok() const { return !failure.has_value(); }  // A whole response came, of whatever status.

  // The response; an empty message where there is none. The body is as HttpSession left it: decoded
  // if that was asked for.
  const HttpMessage& message() const;
  HttpFields fields() const { return message().fields(); }
  std::string_view body() const { return message().body; }

  std::optional<RequestFailure> failure;
  HttpTimings timings;
  std::uint64_t bytes_sent = 0;  // On the wire, with heads and TLS (its handshake too).
  std::uint64_t bytes_received = 0;
  Endpoint remote;               // No endpoint if there was no connection.
  std::string_view tls_version;  // "TLSv1.3"; "" without TLS.
  std::string_view tls_cipher;
  bool connection_reused = false;
  bool retried = false;  // A connection that had lain idle broke; this is the second try.

  // Where the last redirect led; nullptr: nowhere, the reply is to the request's own URL.
  std::unique_ptr<Url> redirected_url;

  // k6's error_code: of the failure, else 1000 + status from 400 on, else 0.
  std::uint16_t error_code() const;

  // Gives the response's memory back; status() and message() are empty then.
  void release() { lease.reset(); }
  // Forgets everything.
  void reset();

  HttpMessageLease lease;  // For the client and the session, who fill it.
};

}  // namespace brunt
