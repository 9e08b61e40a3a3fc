#include "service/messages/stored_message.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

#include "base/assert.h"
#include "base/crc32c.h"

namespace brunt {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are stored as they lie here");

constexpr std::string_view head_magic = "BRMSGS1\n";
constexpr std::string_view record_magic = "Ms";

template <typename T>
void put(std::byte* to, T value) {
  std::memcpy(to, &value, sizeof value);
}

template <typename T>
T get(const std::byte* from) {
  T value{};
  std::memcpy(&value, from, sizeof value);
  return value;
}

bool begins_with(ByteView bytes, std::string_view magic) {
  return bytes.size() >= magic.size() && std::memcmp(bytes.data(), magic.data(), magic.size()) == 0;
}

constexpr std::size_t head_sum_at = 44;

}  // namespace

void encode_stored_head(const StoredHead& head, std::byte* to) {
  std::memcpy(to, head_magic.data(), head_magic.size());
  put(to + 8, head.id.generation);
  put(to + 16, head.id.number);
  put(to + 24, head.output_bytes);
  put(to + 32, head.bytes);
  put(to + 40, head.id.process);
  put(to + 42, head.id.worker);
  put(to + head_sum_at, crc32c({to, head_sum_at}));
}

std::optional<StoredHead> decode_stored_head(ByteView bytes) {
  if (bytes.size() < stored_head_bytes || !begins_with(bytes, head_magic)) return std::nullopt;
  const std::byte* const from = bytes.data();
  if (get<std::uint32_t>(from + head_sum_at) != crc32c(bytes.first(head_sum_at)))
    return std::nullopt;
  StoredHead head;
  head.id.generation = get<std::uint64_t>(from + 8);
  head.id.number = get<std::uint64_t>(from + 16);
  head.output_bytes = get<std::uint64_t>(from + 24);
  head.bytes = get<std::uint64_t>(from + 32);
  head.id.process = get<std::uint16_t>(from + 40);
  head.id.worker = get<std::uint16_t>(from + 42);
  return head;
}

std::string segment_name(const SegmentId& id, std::string_view ending) {
  return fmt::format("{:016x}-{:04x}-{:04x}-{:016x}{}", id.generation, id.process, id.worker,
                     id.number, ending);
}

std::optional<SegmentId> parse_segment_name(std::string_view name) {
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  if (name.substr(dot) != open_ending && name.substr(dot) != finished_ending) return std::nullopt;
  SegmentId id;
  const char* at = name.data();
  const char* const end = name.data() + dot;
  const auto read = [&](auto& number, bool is_last) {
    const auto read_to = std::from_chars(at, end, number, 16);
    at = read_to.ptr;
    if (read_to.ec != std::errc()) return false;
    return is_last ? at == end : at != end && *at++ == '-';
  };
  if (!read(id.generation, false) || !read(id.process, false) || !read(id.worker, false) ||
      !read(id.number, true))
    return std::nullopt;
  return id;
}

void RecordBuffer::make_room(std::size_t bytes) {
  constexpr std::size_t least = 4096;
  const std::size_t capacity = std::max({least, capacity_ * 2, std::bit_ceil(size_ + bytes)});
  auto data = std::make_unique_for_overwrite<std::byte[]>(capacity);
  if (size_ > 0) std::memcpy(data.get(), data_.get(), size_);
  data_ = std::move(data);
  capacity_ = capacity;
}

void RecordBuffer::shrink(std::size_t bytes_kept) {
  if (size_ > 0 || capacity_ <= bytes_kept) return;
  data_.reset();
  capacity_ = 0;
}

void append_stored(RecordBuffer& out, const StoredMessage& message) {
  ASSERT(message.payload.size() <= stored_payload_bytes_max);
  const std::size_t whole = stored_record_head_bytes + message.payload.size();
  std::byte* const to = out.grow(whole);
  std::memcpy(to, record_magic.data(), record_magic.size());
  put(to + 2, static_cast<std::uint16_t>(message.payload.size()));
  put(to + 8, message.client);
  put(to + 12, message.sequence);
  put(to + 16, message.received_unix_ns);
  if (!message.payload.empty())
    std::memcpy(to + stored_record_head_bytes, message.payload.data(), message.payload.size());
  // The length is guarded by where the sum ends; a wrong one gives a wrong sum.
  put(to + 4, crc32c({to + 8, whole - 8}));
}

std::optional<StoredMessage> take_stored(ByteView& bytes) {
  if (bytes.size() < stored_record_head_bytes || !begins_with(bytes, record_magic))
    return std::nullopt;
  const std::byte* const from = bytes.data();
  const std::size_t whole = stored_record_head_bytes + get<std::uint16_t>(from + 2);
  if (bytes.size() < whole) return std::nullopt;
  if (get<std::uint32_t>(from + 4) != crc32c({from + 8, whole - 8})) return std::nullopt;
  StoredMessage message;
  message.client = get<std::uint32_t>(from + 8);
  message.sequence = get<std::uint32_t>(from + 12);
  message.received_unix_ns = get<std::int64_t>(from + 16);
  message.payload = {from + stored_record_head_bytes, whole - stored_record_head_bytes};
  bytes = bytes.subspan(whole);
  return message;
}

std::size_t find_stored(ByteView bytes) {
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    ByteView rest = bytes.subspan(at);
    if (take_stored(rest) || decode_stored_head(bytes.subspan(at))) return at;
  }
  return bytes.size();
}

}  // namespace brunt
