// Length-prefixed messages with an acknowledgement each: the protocol of the message server, and,
// with other widths, of many in-house services.
//
//   request   client id | message id | length | padding | payload of `length` bytes
//   ACK       client id | message id
//
// The preset `brunt` is network byte order without padding (4, 4 and 2 bytes). The preset
// `original` is the bytes of the project that the protocol comes from: requests little-endian with
// two bytes of padding behind the length, ACKs big-endian.
//
//   std::string out;
//   TRY(append_frame_request(out, layout, {.client_id = 7, .message_id = 1, .payload = text}));
//   ...
//   FrameRequestDecoder decoder(layout);
//   for (ByteView input = received;;) {
//     const auto request = TRY(decoder.next(input));
//     if (!request) break;                         // Wait for more bytes.
//     use(*request);
//   }
//
// Bytes may come in any split. Nothing is allocated, but for the one buffer that gathers a message
// of which a part came alone. No I/O, no clock.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace brunt {

enum class ByteOrder : std::uint8_t { big, little };  // big: network byte order.

std::string_view name_of(ByteOrder order);

// The widths are in bytes.
struct FrameLayout {
  std::uint8_t client_id_bytes = 4;   // 0, 1, 2, 4, or 8; 0: there is no such field, read as 0.
  std::uint8_t message_id_bytes = 4;  // The same; not both of them 0, or an ACK would be nothing.
  std::uint8_t length_bytes = 2;      // 1, 2, or 4.
  std::uint8_t padding_bytes = 0;  // Behind the length; written as 0, read as anything. At most 16.
  ByteOrder request_order = ByteOrder::big;
  ByteOrder ack_order = ByteOrder::big;
  std::uint32_t payload_bytes_min = 1;    // Fewer is malformed: a message says something.
  std::uint32_t payload_bytes_max = 256;  // More is too_large.

  static constexpr std::uint32_t payload_limit = 16u << 20u;  // payload_bytes_max goes no higher.

  static FrameLayout brunt() { return {}; }
  static FrameLayout original() { return {.padding_bytes = 2, .request_order = ByteOrder::little}; }

  std::size_t request_header_bytes() const {
    return std::size_t{client_id_bytes} + message_id_bytes + length_bytes + padding_bytes;
  }
  std::size_t ack_bytes() const { return std::size_t{client_id_bytes} + message_id_bytes; }
  // The largest ids that have room. 0 where there is no field.
  std::uint64_t client_id_max() const;
  std::uint64_t message_id_max() const;

  friend bool operator==(const FrameLayout&, const FrameLayout&) = default;
};

// `brunt` or `original`. Errors: invalid, with the names that there are.
Result<FrameLayout> parse_frame_layout(std::string_view name);

// Whether the widths and limits can be used; everything below asks for a layout that passes.
// Errors: invalid, naming the field.
Result<> check_frame_layout(const FrameLayout& layout);

struct FrameRequest {
  std::uint64_t client_id = 0;
  std::uint64_t message_id = 0;  // Runs, for each client.
  ByteView payload = {};
};

struct FrameAck {
  std::uint64_t client_id = 0;
  std::uint64_t message_id = 0;
  friend bool operator==(const FrameAck&, const FrameAck&) = default;
};

// Errors: invalid (an id that its field has no room for, a payload shorter than the minimum or
// longer than the maximum); `out` is as it was then.
Result<> append_frame_request(std::string& out, const FrameLayout& layout,
                              const FrameRequest& request);
Result<> append_frame_ack(std::string& out, const FrameLayout& layout, const FrameAck& ack);
// Writes layout.ack_bytes() to `to`. REQUIRES: ids that have room, as those of a request have that
// came in the same layout.
void write_frame_ack(std::byte* to, const FrameLayout& layout, const FrameAck& ack);

// The longest head that a layout can have: 8 + 8 + 4 + 16.
inline constexpr std::size_t frame_header_bytes_max = 36;

// The server's side. One for each connection, as it keeps what came of an unfinished message.
class FrameRequestDecoder {
 public:
  // `layout` must outlive the decoder.
  explicit FrameRequestDecoder(const FrameLayout& layout) : layout_(&layout) {}

  // Moves `input` past what it took. A value: one whole message, whose payload is a view of the
  // input, or of the decoder if it came in parts: valid until the next call. nullopt: all of
  // `input` was taken, more bytes are needed.
  // Errors: too_large (a length beyond the maximum, seen before its payload comes), malformed (a
  // length below the minimum, hence zero). The stream is of no use then, nor is the decoder.
  Result<std::optional<FrameRequest>> next(ByteView& input);

  // The same at a third of the cost, for a message that lies whole in `input` and is in order; the
  // payload is a view of the input. nullptr, and nothing taken: next() knows why.
  const FrameRequest* next_whole(ByteView& input);

  // Part of a message is held: a stream that ends here was cut.
  bool in_message() const { return header_size_ > 0; }
  // Bytes of the buffer that gathers messages.
  std::size_t memory_bytes() const { return payload_.capacity(); }

 private:
  Result<> take_header(ByteView& input);
  void read_header(const std::byte* bytes);
  Result<> check_length() const;

  const FrameLayout* layout_;
  std::array<std::byte, frame_header_bytes_max> header_{};
  std::uint8_t header_size_ = 0;  // Bytes of it that came.
  std::uint32_t length_ = 0;      // Of the payload, once the header is whole.
  FrameRequest request_;
  std::vector<std::byte> payload_;  // What came of it; empty unless it came in parts.
};

// The client's side.
class FrameAckDecoder {
 public:
  explicit FrameAckDecoder(const FrameLayout& layout) : layout_(&layout) {}

  // Moves `input` past what it took. nullopt: more bytes are needed. Any bytes are an ACK: whether
  // it is the right one is the caller's to check.
  std::optional<FrameAck> next(ByteView& input);

  bool in_message() const { return size_ > 0; }

 private:
  const FrameLayout* layout_;
  std::array<std::byte, 16> bytes_{};
  std::uint8_t size_ = 0;
};

}  // namespace brunt
