// One request and its reply, and the one connection that a client has which sends one request at a
// time: what the clients of messages and of Redis have in common.
//
//   Exchange exchange = connection.begin(reply, deadline);
//   connection.end(exchange, talk(self, exchange), own_message);
//
//   Result<> talk(Fiber& self, Exchange& exchange) {
//     if (TRY(connection.connect(self, exchange)))        // new: log in, then
//       connection.established(exchange, now);
//     TRY(connection.send(self, exchange, bytes));
//     ... connection.receive(self, exchange) until the reply is whole ...
//   }
//
// Allocates nothing per request once connected.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "base/url.h"
#include "client/outcome.h"
#include "loop/loop.h"
#include "net/dialer.h"

namespace brunt {

// What came of one request.
struct ExchangeReply {
  std::optional<RequestFailure> failure;
  std::string body;     // Where the protocol's replies say something.
  Instant started;      // When send() was called.
  Duration blocked{};   // Until there was a connection; zero for one that lay ready.
  Duration setup{};     // Name, connect, log-in, where the request made the connection.
  Duration duration{};  // From sending it to the end of its reply, or until it failed.
  std::uint64_t bytes_sent = 0, bytes_received = 0;
  bool connected = false;  // The request made a connection.
  bool sent = false;       // There was a connection to send it over: `duration` means something.

  bool ok() const { return !failure.has_value(); }
};

// A request under way.
struct Exchange {
  ExchangeReply& reply;
  Instant deadline;
  Instant dialed{};  // When the connection was begun, where it is new.
  Instant ready{};   // When the request could be sent.
  RequestPhase phase = RequestPhase::dial;
  std::uint64_t bytes_sent = 0, bytes_received = 0;  // Of the connection, before this request.
};

// When bytes came that receive() has just given: at the beginning of the loop's turn, as what other
// fibers have done in it since is no delay of the target. Bytes that came without a wait are the
// exception: those of after `known`, an instant at which they cannot have been there.
inline Instant arrival(Loop& loop, Instant known) {
  const Instant turn = loop.now();
  return turn >= known ? turn : loop.precise_now();
}

class SoleConnection {
 public:
  // Connects nothing yet. All must outlive it. `tls`: nullptr: none.
  SoleConnection(Loop& loop, Dialer& dialer, const PeerAddress& target, TlsContext* tls = nullptr)
      : loop_(loop), dialer_(dialer), target_(target), tls_(tls) {}

  // Makes `reply`, which must outlive the exchange, as new; the memory of its body stays.
  Exchange begin(ExchangeReply& reply, Instant deadline) const;

  // Parks until there is a connection. True: it is new, and established() has to be told once it
  // can be used. Errors: as Dialer::dial().
  Result<bool> connect(Fiber& self, Exchange& exchange);
  void established(Exchange& exchange, Instant ready) const;

  // Bytes of the log-in, before the request itself. Parks. Errors: as Stream::send().
  Result<> greet(Fiber& self, Exchange& exchange, std::string_view bytes);
  // The request. Parks. Errors: as Stream::send().
  Result<> send(Fiber& self, Exchange& exchange, std::string_view bytes);
  // Some bytes of the reply; empty: the peer has closed. Parks. Errors: as Stream::receive().
  Result<ByteView> receive(Fiber& self, Exchange& exchange);

  // The literal for a tag where a protocol has one of its own; "" where HTTP's words do.
  using OwnMessage = std::string_view (*)(const Error&, RequestPhase);
  // Fills in what is left of the reply; after a failure the connection is closed. Errors:
  // cancelled.
  Result<> end(Exchange& exchange, Result<> done, OwnMessage own_message);

  bool is_connected() const { return stream_ != nullptr; }

 private:
  Result<> failed(Exchange& exchange, Error error, OwnMessage own_message);

  Loop& loop_;
  Dialer& dialer_;
  const PeerAddress& target_;
  TlsContext* tls_;
  std::unique_ptr<Stream> stream_;
};

}  // namespace brunt
