// WebSocket: frames read and written, for client and server; the two texts of the handshake. No
// I/O, no clock, no chance: who writes gives the mask.
//
//   append_websocket_frame(out, {.opcode = WebSocketOpcode::text, .payload = "hi", .mask = mask});
//
//   WebSocketReader reader(WebSocketRole::client, limits);
//   while (const auto message = TRY(reader.next(bytes))) ...   // bytes in any split
//
// A message that came in fragments is put together; control frames between them come first, as they
// did. What the reader refuses, as `malformed` (close code 1002): a reserved bit or opcode, a
// length longer than need be, a control frame that is fragmented or beyond 125 bytes, a
// continuation of nothing, a message within another, a mask from a server or none from a client, a
// close code that may not be sent. A text that is no UTF-8 is `invalid` (1007) as soon as a
// fragment says so, a message beyond the limit `too_large` (1009). websocket_code_of() says which
// code to close with.
//
// Source: RFC 6455, sections 1.3, 5 and 7; RFC 7692, section 6, for `compressed`.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace brunt {

enum class WebSocketOpcode : std::uint8_t {
  continuation = 0,  // Of frames only; no message is one.
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10,
};

enum class WebSocketRole : std::uint8_t { client, server };  // Of who reads.

// Close codes of RFC 6455, section 7.4.1, that are ours to send or to tell.
struct WebSocketCode {
  static constexpr std::uint16_t normal = 1000, going_away = 1001, protocol_error = 1002,
                                 no_status = 1005,  // Never sent: the close frame had none.
      abnormal = 1006,                              // Never sent: no close frame came.
      invalid_text = 1007, too_big = 1009;
};

struct WebSocketFrame {
  WebSocketOpcode opcode = WebSocketOpcode::text;
  std::string_view payload;
  std::optional<std::uint32_t> mask;  // A client's frames have one, by chance; a server's none.
  bool final = true;                  // false: the message goes on in a continuation.
  bool compressed = false;            // The first frame of a message by RFC 7692.
};

// REQUIRES: a control frame's payload is at most 125 bytes.
void append_websocket_frame(std::string& out, const WebSocketFrame& frame);

// The payload of a close frame; empty for no_status. A reason is cut after 123 bytes, between two
// characters.
std::string websocket_close_payload(std::uint16_t code, std::string_view reason);

// XORs `bytes` with the mask, eight at a time. Twice gives what it was.
void apply_websocket_mask(std::span<char> bytes, std::uint32_t mask);

struct WebSocketMessage {
  WebSocketOpcode opcode = WebSocketOpcode::text;
  std::string_view payload;      // Of a close: the reason.
  std::uint16_t close_code = 0;  // Of a close.
  bool compressed = false;       // Still: RFC 7692. Its text is not checked yet.
};

struct WebSocketLimits {
  std::uint64_t message_bytes_max = 64u << 20u;  // All fragments, as they come.
  std::size_t bytes_kept = 16u << 10u;           // Of the buffer of a message that was larger.
};

// What has been negotiated for the stream.
enum class WebSocketExtension : std::uint8_t { none, deflate };

class WebSocketReader {
 public:
  explicit WebSocketReader(WebSocketRole role, WebSocketLimits limits = {},
                           WebSocketExtension extension = WebSocketExtension::none)
      : limits_(limits), role_(role), extension_(extension) {}

  // Moves `bytes` past what it took. A value: one whole message, whose payload is a view of
  // `bytes` or of the reader, valid until the next call. nullopt: all was taken, more is needed.
  // Errors: malformed, invalid, too_large (as soon as a length says so); the stream and the reader
  // are of no use then. After a close nothing should come; what does is the caller's to drop.
  Result<std::optional<WebSocketMessage>> next(ByteView& bytes);

  // Part of a frame or message is held: a stream that ends here was cut.
  bool in_message() const { return head_size_ > 0 || in_fragments_; }
  std::size_t memory_bytes() const { return message_.capacity() + control_.capacity(); }

 private:
  struct Head {
    WebSocketOpcode opcode = WebSocketOpcode::text;
    bool final = false, compressed = false, masked = false;
    std::uint64_t length = 0;
    std::uint32_t mask = 0;
  };
  static constexpr std::size_t head_bytes_max = 14;

  std::size_t head_bytes_wanted() const;
  Result<bool> take_head(ByteView& bytes);
  Result<> read_head();
  Result<> check_head() const;
  std::optional<std::string_view> take_payload(ByteView& bytes);
  Result<WebSocketMessage> complete(std::string_view payload);
  Result<WebSocketMessage> complete_close(std::string_view payload) const;
  Result<> check_fragment();
  bool is_control() const { return head_.opcode >= WebSocketOpcode::close; }

  WebSocketLimits limits_;
  WebSocketRole role_;
  WebSocketExtension extension_;
  char head_bytes_[head_bytes_max] = {};
  std::uint8_t head_size_ = 0;  // Bytes of it that came.
  bool head_read_ = false;
  bool in_fragments_ = false;
  bool message_compressed_ = false;
  WebSocketOpcode message_opcode_ = WebSocketOpcode::text;
  Head head_;
  std::size_t text_checked_ = 0;  // Bytes of a text in fragments that are known to be UTF-8.
  std::uint64_t frame_from_ = 0;  // Where the frame's payload begins in its buffer.
  std::string message_;           // What came of a message.
  std::string control_;           // What came of a control frame.
};

// Of an error that next() gave.
std::uint16_t websocket_code_of(ErrorCode error);
// The name of a code in a few words: "going away"; "" for one without a name.
std::string_view websocket_code_words(std::uint16_t code);
// Whether a peer may send it: 1000 to 1003, 1007 to 1014, 3000 to 4999.
bool is_websocket_code(std::uint16_t code);

// What a server answers to the client's Sec-WebSocket-Key.
std::string websocket_accept(std::string_view key);

}  // namespace brunt
