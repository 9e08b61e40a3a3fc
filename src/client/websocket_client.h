// One WebSocket as a client has it: the handshake over HTTP/1.1, then messages both ways, and an
// orderly end.
//
//   WebSocketClient socket(context, options);
//   HttpReply reply;
//   TRY(socket.connect(self, {.url = url}, reply, self.now() + 60s));
//   if (!socket.is_open()) return refused(reply);           // a failure, or a status that is not
//   101 TRY(socket.send(WebSocketOpcode::text, "hi"));          // does not wait while
//   (!socket.is_over()) TRY(socket.receive(self, far_future, [](const auto& message) { … }));
//   socket.end(self);
//
// Belongs to one loop. One fiber receives; any may send: what is sent is queued, and a fiber that
// exists only while something waits hands it to the kernel, everything that has gathered at once.
// So an open socket costs the fiber that receives, and nothing ticks. Pings are answered, and so is
// the peer's close; a message that breaks the protocol is answered by a close that says so.
//
// Source: RFC 6455, sections 4.1 (what the server must answer; a subprotocol that was not asked for
// is let through), 5.5 and 7.1; RFC 7692 without context takeover.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "client/http_client.h"
#include "loop/fiber_group.h"
#include "wire/message_deflate.h"
#include "wire/websocket.h"

namespace brunt {

struct WebSocketClientLimits {
  Duration write_timeout = std::chrono::seconds(10);  // Of a peer that does not read: k6's.
  // For the peer's close after ours, and for the end of the connection after both.
  Duration close_timeout = std::chrono::seconds(1);
  std::size_t queue_bytes_max = 64u << 20u;
  std::size_t buffer_bytes_kept = 4u << 10u;  // Of a socket that is at rest.
  WebSocketLimits messages;
};

struct WebSocketClientOptions {
  std::string server_name;            // For TLS, where it is not the host.
  MessageDeflate* deflate = nullptr;  // Shared by the loop's sockets; nullptr: never offered.
  WebSocketClientLimits limits;
};

// What is viewed must stay until connect() returns.
struct WebSocketRequest {
  const Url& url;  // As http or https. Its user and password become basic authentication.
  std::span<const HttpField> fields = {};  // Host is honoured; the handshake's own are refused.
  bool offers_deflate = false;
};

// ws://host/path as http://host/path, wss as https. Errors: invalid.
Result<Url> parse_websocket_url(std::string_view text);

class WebSocketClient {
 public:
  using Take = std::function<void(const WebSocketMessage&)>;

  // Connects nothing yet. Both must outlive it.
  WebSocketClient(HttpContext& context, const WebSocketClientOptions& options);
  ~WebSocketClient();  // REQUIRES: end() or abandon() has returned, unless it never opened.

  // Parks until the server has answered. is_open(): with 101. Else `reply` has its failure, or the
  // response that the server gave instead. Errors: cancelled.
  Result<> connect(Fiber& self, const WebSocketRequest& request, HttpReply& reply,
                   Instant deadline);
  bool is_open() const { return stream_ != nullptr; }
  bool compresses() const { return compresses_; }

  // Queues a message or a ping. Does not park. Errors: closed (close() was called, or the peer has
  // closed), exhausted (the peer does not read), and why writing failed before.
  Result<> send(WebSocketOpcode opcode, std::string_view payload);
  // Queues the close; nothing can be sent after it. Twice is no harm.
  void close(std::uint16_t code, std::string_view reason);
  bool is_closing() const { return close_sent_; }

  // Parks until bytes come and gives `take` every message in them, its payload unpacked and valid
  // during the call; `take` must not park. After the peer's close is_over(). Errors: closed (the
  // connection ended without one), timeout (close_timeout after our close, or `deadline`), reset,
  // malformed, invalid, too_large, cancelled. After an error only end() or abandon() remain.
  Result<> receive(Fiber& self, Instant deadline, const Take& take);
  bool is_over() const { return close_received_; }

  // Payload that waits to be handed to the kernel.
  std::size_t queued_bytes() const { return payload_queued_ + payload_in_flight_; }
  // Parks until queued_bytes() is at most that. Errors: cancelled, and why writing failed.
  Result<> drain(Fiber& self, std::size_t bytes_max);

  // Sends what is queued, a close if there was none, lets the peer end the connection, and ends it.
  // Parks, at most close_timeout and write_timeout.
  void end(Fiber& self);
  // The same for one who cannot wait, being cancelled: a fiber of its own does it and is not waited
  // for. Parks only until none of ours is left.
  void abandon(Fiber& self);

  // On the wire; also after the end.
  std::uint64_t bytes_sent() const;
  std::uint64_t bytes_received() const;

  WebSocketClient(const WebSocketClient&) = delete;
  WebSocketClient& operator=(const WebSocketClient&) = delete;

 private:
  Result<std::string> encode_request(const WebSocketRequest& request, std::string_view key) const;
  Result<> shake_hands(Fiber& self, const WebSocketRequest& request, HttpReply& reply,
                       Instant deadline);
  Result<> read_answer(Fiber& self, Stream& stream, HttpReply& reply, Instant deadline);
  Result<> check_answer(const HttpReply& reply, const WebSocketRequest& request,
                        std::string_view key);
  void queue_frame(const WebSocketFrame& frame);
  void write(Fiber& self);
  Result<> take_bytes(ByteView bytes, const Take& take);
  Result<> take_message(WebSocketMessage message, const Take& take);
  void wait_for_end(Fiber& self);
  void drop_stream();

  HttpContext& context_;
  const WebSocketClientOptions& options_;
  std::unique_ptr<Stream> stream_;
  WebSocketReader reader_{WebSocketRole::client};
  std::string early_;              // Came with the server's answer.
  std::string queue_, in_flight_;  // Frames.
  std::size_t payload_queued_ = 0, payload_in_flight_ = 0;
  std::string unpacked_;
  FiberGroup writers_;  // One at most.
  std::optional<Error> write_error_;
  Fiber* receiving_ = nullptr;
  Fiber* draining_ = nullptr;
  Instant close_deadline_ = far_future;
  std::uint64_t bytes_sent_ = 0, bytes_received_ = 0;  // Of a stream that is gone.
  bool compresses_ = false;
  bool writing_ = false, close_sent_ = false, close_received_ = false;
};

}  // namespace brunt
