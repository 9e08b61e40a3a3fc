#include "wire/frame.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "base/assert.h"
#include "base/text.h"

namespace brunt {

namespace {

constexpr std::uint8_t padding_bytes_max = 16;

static_assert(std::endian::native == std::endian::little);

template <typename T>
std::uint64_t load(const std::byte* bytes) {
  T value{};
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

// The widths are few and known, so that each is one load.
std::uint64_t read_number(const std::byte* bytes, std::size_t width, ByteOrder order) {
  const bool is_big = order == ByteOrder::big;
  switch (width) {
    case 1:
      return load<std::uint8_t>(bytes);
    case 2:
      return is_big ? __builtin_bswap16(static_cast<std::uint16_t>(load<std::uint16_t>(bytes)))
                    : load<std::uint16_t>(bytes);
    case 4:
      return is_big ? __builtin_bswap32(static_cast<std::uint32_t>(load<std::uint32_t>(bytes)))
                    : load<std::uint32_t>(bytes);
    case 8:
      return is_big ? __builtin_bswap64(load<std::uint64_t>(bytes)) : load<std::uint64_t>(bytes);
    default:
      return 0;
  }
}

// Writes `width` bytes, and spoils those behind up to eight in all; gives where the next goes.
char* put_number(char* to, std::uint64_t value, std::size_t width, ByteOrder order) {
  if (width == 0) return to;
  if (order == ByteOrder::big) value = __builtin_bswap64(value << (64 - 8 * width));
  std::memcpy(to, &value, sizeof value);
  return to + width;
}

template <typename T>
void store(std::byte* to, std::uint64_t value) {
  const auto narrow = static_cast<T>(value);
  std::memcpy(to, &narrow, sizeof narrow);
}

// Writes `width` bytes and no other.
void write_number(std::byte* to, std::uint64_t value, std::size_t width, ByteOrder order) {
  if (order == ByteOrder::big && width > 0) value = __builtin_bswap64(value << (64 - 8 * width));
  switch (width) {
    case 1:
      return store<std::uint8_t>(to, value);
    case 2:
      return store<std::uint16_t>(to, value);
    case 4:
      return store<std::uint32_t>(to, value);
    case 8:
      return store<std::uint64_t>(to, value);
    default:
      return;
  }
}

std::uint64_t number_max(std::size_t width) {
  return width >= 8 ? std::numeric_limits<std::uint64_t>::max()
                    : (std::uint64_t{1} << 8u * width) - 1;
}

bool is_id_width(std::uint8_t width) {
  return width == 0 || width == 1 || width == 2 || width == 4 || width == 8;
}

Result<> check_id(std::string_view name, std::uint64_t id, std::uint64_t id_max) {
  if (id <= id_max) return {};
  return fail(ErrorCode::invalid, std::string(name) + " " + std::to_string(id) +
                                      " does not fit its field, whose largest is " +
                                      std::to_string(id_max));
}

// An id without a field is 0 on the other side, whatever it is here.
Result<> check_ids(const FrameLayout& layout, std::uint64_t client_id, std::uint64_t message_id) {
  if (layout.client_id_bytes > 0) TRY(check_id("client id", client_id, layout.client_id_max()));
  if (layout.message_id_bytes > 0) TRY(check_id("message id", message_id, layout.message_id_max()));
  return {};
}

}  // namespace

std::string_view name_of(ByteOrder order) {
  return order == ByteOrder::big ? "big" : "little";
}

std::uint64_t FrameLayout::client_id_max() const {
  return number_max(client_id_bytes);
}

std::uint64_t FrameLayout::message_id_max() const {
  return number_max(message_id_bytes);
}

Result<FrameLayout> parse_frame_layout(std::string_view name) {
  constexpr std::string_view names[] = {"brunt", "original"};
  if (name == names[0]) return FrameLayout::brunt();
  if (name == names[1]) return FrameLayout::original();
  return fail(ErrorCode::invalid, "\"" + std::string(name) +
                                      "\" is no layout of messages: brunt or original" +
                                      did_you_mean(name, names));
}

Result<> check_frame_layout(const FrameLayout& layout) {
  if (!is_id_width(layout.client_id_bytes))
    return fail(ErrorCode::invalid, "the client id has 0, 1, 2, 4, or 8 bytes");
  if (!is_id_width(layout.message_id_bytes))
    return fail(ErrorCode::invalid, "the message id has 0, 1, 2, 4, or 8 bytes");
  if (layout.ack_bytes() == 0)
    return fail(ErrorCode::invalid,
                "client id and message id cannot both be of 0 bytes: an ACK would be nothing");
  if (layout.length_bytes != 1 && layout.length_bytes != 2 && layout.length_bytes != 4)
    return fail(ErrorCode::invalid, "the length has 1, 2, or 4 bytes");
  if (layout.padding_bytes > padding_bytes_max)
    return fail(ErrorCode::invalid, "the padding has at most 16 bytes");
  if (layout.payload_bytes_max > FrameLayout::payload_limit)
    return fail(ErrorCode::invalid, "the largest payload is at most 16 MiB");
  if (layout.payload_bytes_max > number_max(layout.length_bytes))
    return fail(ErrorCode::invalid, "a length of " + std::to_string(layout.length_bytes) +
                                        " bytes says at most " +
                                        std::to_string(number_max(layout.length_bytes)) +
                                        ", which the largest payload is above");
  if (layout.payload_bytes_min > layout.payload_bytes_max || layout.payload_bytes_max == 0)
    return fail(ErrorCode::invalid,
                "the largest payload is at least 1 byte, and not below the smallest");
  return {};
}

Result<> append_frame_request(std::string& out, const FrameLayout& layout,
                              const FrameRequest& request) {
  TRY(check_ids(layout, request.client_id, request.message_id));
  const std::size_t size = request.payload.size();
  if (size < layout.payload_bytes_min || size > layout.payload_bytes_max)
    return fail(ErrorCode::invalid, "a payload of " + std::to_string(size) +
                                        " bytes is not within " +
                                        std::to_string(layout.payload_bytes_min) + " to " +
                                        std::to_string(layout.payload_bytes_max));
  char head[3 * sizeof(std::uint64_t)];
  char* at = put_number(head, request.client_id, layout.client_id_bytes, layout.request_order);
  at = put_number(at, request.message_id, layout.message_id_bytes, layout.request_order);
  at = put_number(at, size, layout.length_bytes, layout.request_order);
  out.append(head, at);
  out.append(layout.padding_bytes, '\0');
  out.append(as_text(request.payload));
  return {};
}

Result<> append_frame_ack(std::string& out, const FrameLayout& layout, const FrameAck& ack) {
  TRY(check_ids(layout, ack.client_id, ack.message_id));
  const std::size_t before = out.size();
  out.resize(before + layout.ack_bytes());
  write_frame_ack(reinterpret_cast<std::byte*>(out.data()) + before, layout, ack);
  return {};
}

void write_frame_ack(std::byte* to, const FrameLayout& layout, const FrameAck& ack) {
  write_number(to, ack.client_id, layout.client_id_bytes, layout.ack_order);
  write_number(to + layout.client_id_bytes, ack.message_id, layout.message_id_bytes,
               layout.ack_order);
}

void FrameRequestDecoder::read_header(const std::byte* bytes) {
  const ByteOrder order = layout_->request_order;
  request_.client_id = read_number(bytes, layout_->client_id_bytes, order);
  bytes += layout_->client_id_bytes;
  request_.message_id = read_number(bytes, layout_->message_id_bytes, order);
  bytes += layout_->message_id_bytes;
  // Its field has at most 4 bytes.
  length_ = static_cast<std::uint32_t>(read_number(bytes, layout_->length_bytes, order));
}

Result<> FrameRequestDecoder::check_length() const {
  if (length_ > layout_->payload_bytes_max)
    return fail(ErrorCode::too_large, "a message says that its payload has " +
                                          std::to_string(length_) + " bytes; the maximum is " +
                                          std::to_string(layout_->payload_bytes_max));
  if (length_ < layout_->payload_bytes_min)
    return fail(ErrorCode::malformed, "a message says that its payload has " +
                                          std::to_string(length_) + " bytes; the minimum is " +
                                          std::to_string(layout_->payload_bytes_min));
  return {};
}

// Gathers the header where it does not lie whole in the input.
Result<> FrameRequestDecoder::take_header(ByteView& input) {
  const std::size_t whole = layout_->request_header_bytes();
  const std::size_t taken = std::min(whole - header_size_, input.size());
  if (taken > 0) std::memcpy(header_.data() + header_size_, input.data(), taken);
  header_size_ = static_cast<std::uint8_t>(header_size_ + taken);
  input = input.subspan(taken);
  if (taken == 0 || header_size_ < whole) return {};
  read_header(header_.data());
  return check_length();
}

const FrameRequest* FrameRequestDecoder::next_whole(ByteView& input) {
  const std::size_t head = layout_->request_header_bytes();
  if (header_size_ > 0 || input.size() < head) return nullptr;
  read_header(input.data());
  if (length_ > layout_->payload_bytes_max || length_ < layout_->payload_bytes_min ||
      input.size() - head < length_)
    return nullptr;
  request_.payload = input.subspan(head, length_);
  input = input.subspan(head + length_);
  return &request_;
}

Result<std::optional<FrameRequest>> FrameRequestDecoder::next(ByteView& input) {
  const std::size_t whole = layout_->request_header_bytes();
  ASSERT(whole <= header_.size());
  if (header_size_ == 0) payload_.clear();
  if (const FrameRequest* const request = next_whole(input)) return *request;
  if (header_size_ < whole) {
    TRY(take_header(input));
    if (header_size_ < whole) return std::nullopt;
  }
  const std::size_t missing = length_ - payload_.size();
  if (payload_.empty() && input.size() >= missing) {
    request_.payload = input.first(missing);
    input = input.subspan(missing);
    header_size_ = 0;
    return request_;
  }
  if (payload_.capacity() < length_) payload_.reserve(length_);
  const ByteView part = input.first(std::min(missing, input.size()));
  payload_.insert(payload_.end(), part.begin(), part.end());
  input = input.subspan(part.size());
  if (payload_.size() < length_) return std::nullopt;
  request_.payload = payload_;
  header_size_ = 0;
  return request_;
}

std::optional<FrameAck> FrameAckDecoder::next(ByteView& input) {
  const std::size_t whole = layout_->ack_bytes();
  ASSERT(whole <= bytes_.size());
  const std::size_t taken = std::min(whole - size_, input.size());
  if (taken > 0) std::memcpy(bytes_.data() + size_, input.data(), taken);
  size_ = static_cast<std::uint8_t>(size_ + taken);
  input = input.subspan(taken);
  if (size_ < whole) return std::nullopt;
  size_ = 0;
  return FrameAck{
      .client_id = read_number(bytes_.data(), layout_->client_id_bytes, layout_->ack_order),
      .message_id = read_number(bytes_.data() + layout_->client_id_bytes, layout_->message_id_bytes,
                                layout_->ack_order)};
}

}  // namespace brunt
