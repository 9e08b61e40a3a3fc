#include "service/iot/uuid.h"

#include "base/assert.h"

namespace brunt {
namespace {

int nibble_of(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

bool is_dash(std::size_t index) {
  return index == 8 || index == 13 || index == 18 || index == 23;
}

}  // namespace

std::optional<Uuid> parse_uuid(std::string_view text) {
  if (text.size() != uuid_text_size) return std::nullopt;
  Uuid uuid;
  int digits = 0;
  for (std::size_t index = 0; index < text.size(); ++index) {
    if (is_dash(index)) {
      if (text[index] != '-') return std::nullopt;
      continue;
    }
    const int nibble = nibble_of(text[index]);
    if (nibble < 0) return std::nullopt;
    std::uint64_t& word = digits++ < 16 ? uuid.high : uuid.low;
    word = word << 4u | static_cast<std::uint64_t>(nibble);
  }
  return uuid;
}

void append_uuid(std::string& out, const Uuid& uuid) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (int index = 0; index < 32; ++index) {
    if (index == 8 || index == 12 || index == 16 || index == 20) out += '-';
    const std::uint64_t word = index < 16 ? uuid.high : uuid.low;
    out += digits[word >> (60u - 4u * (static_cast<unsigned>(index) % 16u)) & 15u];
  }
}

Uuid random_uuid(Prng& prng) {
  constexpr std::uint64_t version_4 = 0x4000;
  constexpr std::uint64_t variant = 0x8000'0000'0000'0000;
  Uuid uuid{.high = prng.next(), .low = prng.next()};
  uuid.high = (uuid.high & ~std::uint64_t{0xf000}) | version_4;
  uuid.low = (uuid.low & ~(std::uint64_t{3} << 62u)) | variant;
  return uuid;
}

UuidBytes bytes_of(const Uuid& uuid) {
  UuidBytes bytes;
  for (std::size_t index = 0; index < bytes.size(); ++index) {
    const std::uint64_t word = index < 8 ? uuid.high : uuid.low;
    bytes[index] = static_cast<std::byte>(word >> (56u - 8u * (index % 8u)));
  }
  return bytes;
}

Uuid uuid_of(ByteView bytes) {
  ASSERT(bytes.size() == 16);
  Uuid uuid;
  for (std::size_t index = 0; index < bytes.size(); ++index) {
    std::uint64_t& word = index < 8 ? uuid.high : uuid.low;
    word = word << 8u | std::to_integer<std::uint64_t>(bytes[index]);
  }
  return uuid;
}

}  // namespace brunt
