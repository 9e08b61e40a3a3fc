// One HTTP/2 connection of a client: Http2Session (wire/) over a stream, with TLS or without
// (prior knowledge). Any number of requests at once, each heard by a listener of its own.
//
//   auto connection = TRY(Http2Connection::open(self, loop, dialer, {.peer = peer}, deadline));
//   const std::int32_t stream = TRY(connection->begin(fields, listener));
//   connection->write(stream, body);
//   connection->finish(stream);
//   TRY(connection->flush(self, deadline));      // now it goes out
//
// Of a server that may speak either, whoever dialled hands the stream over: adopt().
//
// Belongs to one loop. A fiber of its own reads, so that pings are answered and a goodbye is
// noticed also while nobody asks anything; it ends soon after the connection is destroyed.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "base/url.h"
#include "loop/loop.h"
#include "net/dialer.h"
#include "wire/http2_session.h"

namespace brunt {

// Hears of one request. Called on the reader's fiber or within flush(); must not park.
class Http2Listener {
 public:
  virtual ~Http2Listener() = default;
  virtual void headers(std::span<const HttpField> fields) = 0;  // The head; later the trailers.
  virtual void data(std::string_view bytes) = 0;
  virtual void head_too_large() {}  // It is being reset.
  virtual void sent() {}            // All that was written; the last of it in this very moment.
  virtual void ended() = 0;
  virtual void closed(std::uint32_t error_code) = 0;  // The last.
  virtual void broken(const Error& error) = 0;        // Or this: the connection is lost.
};

struct Http2Target {
  PeerAddress peer;
  TlsContext* tls = nullptr;  // nullptr: no TLS.
};

class Http2Connection {
 public:
  // Parks until the server has spoken HTTP/2. All must outlive the connection and, by a turn of the
  // loop, its end. Errors: as Dialer::dial(); unsupported: the server speaks TLS but not "h2";
  // closed, reset, malformed, timeout before its settings came; exhausted.
  static Result<std::unique_ptr<Http2Connection>> open(Fiber& self, Loop& loop, Dialer& dialer,
                                                       const Http2Target& target, Instant deadline);
  // Over a connection on which HTTP/2 was agreed. Does not park and sends nothing: the first
  // flush() does, with the first request behind the preface. `loop` must outlive it. Errors:
  // exhausted.
  static Result<std::unique_ptr<Http2Connection>> adopt(Loop& loop, Dialed dialed,
                                                        const Http2Limits& limits);
  ~Http2Connection();  // As close(): whoever listens still is told that it is broken (cancelled).

  // At once; also where somebody else holds it still.
  void close();

  // As those of Http2Session; nothing goes out before flush(). The listener must outlive the
  // request, or leave by abandon().
  Result<std::int32_t> begin(std::span<const HttpField> fields, Http2Listener& listener,
                             Http2Body body = Http2Body::follows);
  void write(std::int32_t stream, std::string_view bytes);
  void finish(std::int32_t stream);
  void consume(std::int32_t stream, std::size_t bytes);
  std::size_t waiting(std::int32_t stream) const;
  // Nobody wants to hear of it any more: resets it, if it is there still.
  void abandon(std::int32_t stream);

  // Sends what the peer's windows allow; what they do not follows by itself. Parks, but not while
  // another fiber is sending: that one goes on with it. The connection is lost after an error:
  // those of Stream::send().
  Result<> flush(Fiber& self, Instant deadline);

  // Takes one more request, at once or later.
  bool usable() const;
  // How many requests the server takes at once; a guess until it has greeted().
  std::size_t streams_allowed() const;
  bool greeted() const;
  // Why it is lost, or no longer usable, where HTTP/2 has a word for it.
  std::optional<Http2Fault> fault() const;
  Endpoint peer() const;
  const DialTimings& timings() const;
  const TlsInfo& tls() const;
  std::uint64_t bytes_sent() const;
  std::uint64_t bytes_received() const;

  Http2Connection(const Http2Connection&) = delete;
  Http2Connection& operator=(const Http2Connection&) = delete;

 private:
  class Link;
  // Shared: see link_.
  explicit Http2Connection(std::shared_ptr<Link> link);
  // Shared with the reader's fiber and those who send: whichever ends last lets go of it.
  std::shared_ptr<Link> link_;
};

}  // namespace brunt
