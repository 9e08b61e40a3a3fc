#include "wire/websocket.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>

#include "base/assert.h"
#include "base/base64.h"
#include "base/digest.h"
#include "wire/utf8.h"

namespace brunt {
namespace {

constexpr unsigned final_bit = 0x80, compressed_bit = 0x40, reserved_bits = 0x30,
                   opcode_bits = 0x0F, mask_bit = 0x80, length_bits = 0x7F;
constexpr std::uint64_t length_16 = 126, length_64 = 127, control_bytes_max = 125;
constexpr std::size_t mask_bytes = 4, close_code_bytes = 2;

void append_big_endian(std::string& out, std::uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>((value >> (8 * i)) & 0xFFU);
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8U | static_cast<unsigned char>(byte);
  return value;
}

}  // namespace

void apply_websocket_mask(std::span<char> bytes, std::uint32_t mask) {
  // The mask's first byte is its highest; in memory it has to be its first.
  if constexpr (std::endian::native == std::endian::little) mask = __builtin_bswap32(mask);
  const std::uint64_t wide = static_cast<std::uint64_t>(mask) << 32U | mask;
  std::size_t at = 0;
  for (; bytes.size() - at >= sizeof(wide); at += sizeof(wide)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, sizeof(word));
    word ^= wide;
    std::memcpy(bytes.data() + at, &word, sizeof(word));
  }
  char rest[sizeof(wide)];
  std::memcpy(rest, &wide, sizeof(wide));
  for (std::size_t i = 0; at < bytes.size(); ++at, ++i)
    bytes[at] = static_cast<char>(bytes[at] ^ rest[i]);
}

void append_websocket_frame(std::string& out, const WebSocketFrame& frame) {
  const std::uint64_t size = frame.payload.size();
  ASSERT(frame.opcode < WebSocketOpcode::close || size <= control_bytes_max);
  out += static_cast<char>(static_cast<unsigned>(frame.opcode) | (frame.final ? final_bit : 0U) |
                           (frame.compressed ? compressed_bit : 0U));
  const unsigned masked = frame.mask ? mask_bit : 0U;
  if (size < length_16) {
    out += static_cast<char>(masked | size);
  } else {
    const bool is_short = size <= 0xFFFFU;
    out += static_cast<char>(masked | (is_short ? length_16 : length_64));
    append_big_endian(out, size, is_short ? 2 : 8);
  }
  if (frame.mask) append_big_endian(out, *frame.mask, mask_bytes);
  const std::size_t from = out.size();
  out += frame.payload;
  if (frame.mask) apply_websocket_mask(std::span(out).subspan(from), *frame.mask);
}

std::string websocket_close_payload(std::uint16_t code, std::string_view reason) {
  std::string payload;
  if (code == WebSocketCode::no_status) return payload;
  append_big_endian(payload, code, close_code_bytes);
  std::size_t size = std::min<std::size_t>(reason.size(), control_bytes_max - close_code_bytes);
  while (size < reason.size() && size > 0 &&
         (static_cast<unsigned char>(reason[size]) & 0xC0U) == 0x80)
    --size;
  return payload.append(reason.substr(0, size));
}

std::size_t WebSocketReader::head_bytes_wanted() const {
  if (head_size_ < 2) return 2;
  const auto second = static_cast<unsigned char>(head_bytes_[1]);
  const std::size_t length = (second & length_bits) == length_16   ? 2
                             : (second & length_bits) == length_64 ? 8
                                                                   : 0;
  return 2 + length + ((second & mask_bit) != 0 ? mask_bytes : 0);
}

// True: the head is whole.
Result<bool> WebSocketReader::take_head(ByteView& bytes) {
  for (std::size_t wanted = head_bytes_wanted(); head_size_ < wanted;
       wanted = head_bytes_wanted()) {
    const std::size_t size = std::min(bytes.size(), wanted - head_size_);
    if (size == 0) return false;
    std::memcpy(head_bytes_ + head_size_, bytes.data(), size);
    head_size_ = static_cast<std::uint8_t>(head_size_ + size);
    bytes = bytes.subspan(size);
  }
  TRY(read_head());
  TRY(check_head());
  head_read_ = true;
  std::string& buffer = is_control() ? control_ : message_;
  if (is_control() || head_.opcode != WebSocketOpcode::continuation) buffer.clear();
  frame_from_ = buffer.size();
  return true;
}

Result<> WebSocketReader::read_head() {
  const std::string_view head(head_bytes_, head_size_);
  const auto first = static_cast<unsigned char>(head[0]),
             second = static_cast<unsigned char>(head[1]);
  if ((first & reserved_bits) != 0)
    return fail(ErrorCode::malformed, "a reserved bit of a frame is set");
  head_ = {.opcode = static_cast<WebSocketOpcode>(first & opcode_bits),
           .final = (first & final_bit) != 0,
           .compressed = (first & compressed_bit) != 0,
           .masked = (second & mask_bit) != 0,
           .length = second & length_bits};
  const std::string_view length = head.substr(2, head.size() - 2 - (head_.masked ? mask_bytes : 0));
  if (!length.empty()) {
    head_.length = big_endian(length);
    if (head_.length < length_16 || (length.size() > 2 && head_.length <= 0xFFFFU))
      return fail(ErrorCode::malformed, "the length of a frame is written longer than need be");
  }
  if (head_.masked)
    head_.mask = static_cast<std::uint32_t>(big_endian(head.substr(head.size() - mask_bytes)));
  return {};
}

Result<> WebSocketReader::check_head() const {
  const auto malformed = [](std::string text) {
    return fail(ErrorCode::malformed, std::move(text));
  };
  const auto opcode = static_cast<unsigned>(head_.opcode);
  if (head_.opcode > WebSocketOpcode::pong ||
      (head_.opcode > WebSocketOpcode::binary && !is_control()))
    return malformed(fmt::format("a frame has the reserved opcode {}", opcode));
  if (head_.masked != (role_ == WebSocketRole::server))
    return malformed(head_.masked ? "a server's frame is masked"
                                  : "a client's frame is not masked");
  if (head_.compressed && (extension_ == WebSocketExtension::none || is_control() ||
                           head_.opcode == WebSocketOpcode::continuation))
    return malformed("a frame is marked as compressed that may not be");
  if (is_control()) {
    if (!head_.final) return malformed("a control frame is fragmented");
    if (head_.length > control_bytes_max)
      return malformed(fmt::format("a control frame has {} bytes; 125 are the most", head_.length));
    return {};
  }
  const bool continues = head_.opcode == WebSocketOpcode::continuation;
  if (continues != in_fragments_)
    return malformed(continues ? "a continuation of no message"
                               : "a message begins before another has ended");
  const std::uint64_t before = continues ? message_.size() : 0;
  if (head_.length > limits_.message_bytes_max - std::min(before, limits_.message_bytes_max))
    return fail(ErrorCode::too_large,
                fmt::format("a message has more than {} bytes", limits_.message_bytes_max));
  return {};
}

// The payload of the frame, or what there is of the message with it; nullopt: more is needed.
std::optional<std::string_view> WebSocketReader::take_payload(ByteView& bytes) {
  std::string& buffer = is_control() ? control_ : message_;
  const std::uint64_t taken = buffer.size() - frame_from_;
  const std::size_t size =
      static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), head_.length - taken));
  const std::string_view piece = as_text(bytes.first(size));
  bytes = bytes.subspan(size);
  const bool whole_here = taken == 0 && size == head_.length && !head_.masked;
  if (whole_here && (is_control() || (head_.final && !in_fragments_))) return piece;
  buffer += piece;
  if (taken + size < head_.length) return std::nullopt;
  if (head_.masked) apply_websocket_mask(std::span(buffer).subspan(frame_from_), head_.mask);
  return buffer;
}

Result<WebSocketMessage> WebSocketReader::complete_close(std::string_view payload) const {
  WebSocketMessage message{.opcode = WebSocketOpcode::close, .payload = {}, .close_code = 0};
  message.close_code = WebSocketCode::no_status;
  if (payload.empty()) return message;
  if (payload.size() < close_code_bytes)
    return fail(ErrorCode::malformed, "a close frame has half a code");
  message.close_code = static_cast<std::uint16_t>(big_endian(payload.substr(0, close_code_bytes)));
  message.payload = payload.substr(close_code_bytes);
  if (!is_websocket_code(message.close_code))
    return fail(
        ErrorCode::malformed,
        fmt::format("a close frame has the code {}, which may not be sent", message.close_code));
  if (!is_utf8(message.payload))
    return fail(ErrorCode::invalid, "the reason of a close frame is not UTF-8");
  return message;
}

Result<WebSocketMessage> WebSocketReader::complete(std::string_view payload) {
  if (head_.opcode == WebSocketOpcode::close) return complete_close(payload);
  if (is_control()) return WebSocketMessage{.opcode = head_.opcode, .payload = payload};
  in_fragments_ = false;
  if (message_opcode_ == WebSocketOpcode::text && !message_compressed_ &&
      !is_utf8(payload.substr(text_checked_)))
    return fail(ErrorCode::invalid, "a text message is not UTF-8");
  return WebSocketMessage{
      .opcode = message_opcode_, .payload = payload, .compressed = message_compressed_};
}

// A text that is wrong already is not waited for: RFC 6455, 8.1.
Result<> WebSocketReader::check_fragment() {
  if (message_opcode_ != WebSocketOpcode::text || message_compressed_) return {};
  std::string_view fresh = std::string_view(message_).substr(text_checked_);
  fresh.remove_suffix(cut_utf8_bytes(fresh));
  if (!is_utf8(fresh)) return fail(ErrorCode::invalid, "a text message is not UTF-8");
  text_checked_ += fresh.size();
  return {};
}

Result<std::optional<WebSocketMessage>> WebSocketReader::next(ByteView& bytes) {
  if (!in_message() && message_.capacity() > limits_.bytes_kept) std::string().swap(message_);
  while (true) {
    if (!head_read_ && !TRY(take_head(bytes))) return std::nullopt;
    const auto payload = take_payload(bytes);
    if (!payload) return std::nullopt;
    head_read_ = false;
    head_size_ = 0;
    if (!is_control() && head_.opcode != WebSocketOpcode::continuation) {
      message_opcode_ = head_.opcode;
      message_compressed_ = head_.compressed;
      text_checked_ = 0;
    }
    if (is_control() || head_.final) return TRY(complete(*payload));
    in_fragments_ = true;
    TRY(check_fragment());
  }
}

std::uint16_t websocket_code_of(ErrorCode error) {
  if (error == ErrorCode::invalid) return WebSocketCode::invalid_text;
  if (error == ErrorCode::too_large) return WebSocketCode::too_big;
  return WebSocketCode::protocol_error;
}

std::string_view websocket_code_words(std::uint16_t code) {
  struct Named {
    std::uint16_t code;
    std::string_view words;
  };
  static constexpr Named names[] = {{1000, "normal"},
                                    {1001, "going away"},
                                    {1002, "protocol error"},
                                    {1003, "unsupported data"},
                                    {1005, "no status"},
                                    {1006, "abnormal closure"},
                                    {1007, "invalid payload data"},
                                    {1008, "policy violation"},
                                    {1009, "message too big"},
                                    {1010, "mandatory extension missing"},
                                    {1011, "internal server error"},
                                    {1015, "TLS handshake error"}};
  const auto* const found = std::ranges::find(names, code, &Named::code);
  return found != std::end(names) ? found->words : std::string_view();
}

bool is_websocket_code(std::uint16_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
         (code >= 3000 && code <= 4999);
}

std::string websocket_accept(std::string_view key) {
  return base64_encode(sha1(std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
}

}  // namespace brunt
