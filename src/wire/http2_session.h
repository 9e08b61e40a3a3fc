// HTTP/2 without I/O: bytes in, events out; requests in, bytes out. Both sides of a connection.
//
//   auto session = TRY(Http2Session::create(Http2Role::client, visitor, {}));
//   const std::int32_t stream = TRY(session->open(fields));
//   session->write(stream, body);
//   session->finish(stream);
//   session->drain(out);                       // what goes to the peer, the preface first
//   TRY(session->feed(received));              // calls the visitor
//
// Frames, HPACK, flow control and their limits are nghttp2's; what it allows and refuses is its
// business. What is received counts against the stream's window until consume() gives it back, so
// that who reads slowly is sent to slowly; the connection's window does not wait.
//
// Source: RFC 9113, RFC 7541; nghttp2 1.52, nghttp2.h.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/http_message.h"

namespace brunt {

enum class Http2Role : std::uint8_t { client, server };

// RFC 9113, section 7: those that callers ask for or about.
inline constexpr std::uint32_t http2_no_error = 0x0, http2_refused_stream = 0x7, http2_cancel = 0x8,
                               http2_enhance_your_calm = 0xb, http2_inadequate_security = 0xc;

// "PROTOCOL_ERROR", as RFC 9113 names it; "unknown error code" for others.
std::string_view http2_error_name(std::uint32_t error_code);

// What ended a stream or a connection, where HTTP/2 has a word for it.
struct Http2Fault {
  enum class Of : std::uint8_t {
    stream,      // It was reset.
    connection,  // The peer broke the rules, and we told it so.
    going_away,  // The peer said goodbye.
  } of = Of::stream;
  std::uint32_t error_code = http2_no_error;
  friend bool operator==(const Http2Fault&, const Http2Fault&) = default;
};

// Hears of streams. Called within feed() and drain(); may call the session's other functions. What
// is viewed is valid during the call.
class Http2Visitor {
 public:
  virtual ~Http2Visitor() = default;
  // The head of a message; behind its data: its trailers. A server meets a new stream here.
  virtual void headers(std::int32_t stream, std::span<const HttpField> fields) = 0;
  virtual void data(std::int32_t stream, std::string_view bytes) = 0;
  // The peer has said all it has to say on this stream.
  virtual void ended(std::int32_t stream) = 0;
  // Its head is larger than the limit: it is reset, and closed() follows.
  virtual void head_too_large(std::int32_t /*stream*/) {}
  // The last of what was written, and its end, is among what drain() gives now.
  virtual void sent(std::int32_t /*stream*/) {}
  // The last of a stream. An error code of RFC 9113: 0 where both sides have ended.
  virtual void closed(std::int32_t stream, std::uint32_t error_code) = 0;
};

struct Http2Limits {
  std::uint32_t stream_window_bytes = 1u << 20u;      // What may be unread of one stream.
  std::uint32_t connection_window_bytes = 8u << 20u;  // What may be on its way of all.
  std::size_t head_bytes_max = 64u << 10u;            // Of one message; more resets its stream.
  std::uint32_t streams_max = 1'000;                  // That the peer may open at once.
};

enum class Http2Body : std::uint8_t { none, follows };

class Http2Session {
 public:
  // `visitor` must outlive it. Errors: exhausted.
  static Result<std::unique_ptr<Http2Session>> create(Http2Role role, Http2Visitor& visitor,
                                                      const Http2Limits& limits);
  ~Http2Session();

  // Takes what the peer sent. Errors: malformed: the connection is of no use any more. Where the
  // peer broke the rules in a way that it is told of, there is no error, but fault(), then over().
  Result<> feed(ByteView bytes);
  // Appends what is to be sent now: all of it, or some frames more than `enough` bytes.
  void drain(std::string& out, std::size_t enough = std::string::npos);

  // A request's head, pseudo-fields (":method") first; it goes out with the next drain(), or when
  // the peer allows one more stream. Errors: exhausted (no more numbers), closed (the peer is
  // going away).
  Result<std::int32_t> open(std::span<const HttpField> fields, Http2Body body = Http2Body::follows);
  // A response's head. Nothing where the stream is gone.
  void respond(std::int32_t stream, std::span<const HttpField> fields);
  // The body: taken at once, sent as the peer's window allows. Nothing where the stream is gone.
  void write(std::int32_t stream, std::string_view bytes);
  // What was written is all, with trailers or without.
  void finish(std::int32_t stream, std::span<const HttpField> trailers = {});
  void reset(std::int32_t stream, std::uint32_t error_code);
  // Bytes of data() that somebody has dealt with.
  void consume(std::int32_t stream, std::size_t bytes);
  // How much of what was written waits for the peer's window.
  std::size_t waiting(std::int32_t stream) const;

  // The peer has spoken HTTP/2: its settings came.
  bool greeted() const;
  // The peer takes no more requests: it said so.
  bool going_away() const;
  // How many streams may be open at once, as the peer says; 100 until it has spoken.
  std::size_t streams_allowed() const;
  // Why it is over or going away; nullopt: no reason is known.
  std::optional<Http2Fault> fault() const;
  // What the library says was wrong with the peer's bytes; "" where it said nothing.
  const std::string& problem() const;
  // Nothing more will be sent or wanted.
  bool over() const;

  Http2Session(const Http2Session&) = delete;
  Http2Session& operator=(const Http2Session&) = delete;

  struct State;  // nghttp2's side, for http2_session.cc only.

 private:
  explicit Http2Session(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace brunt
