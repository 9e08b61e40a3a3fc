#include "metrics/codec.h"

#include <fmt/format.h>

namespace brunt {

void put_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80U) {
    out.push_back(static_cast<char>(value | 0x80U));
    value >>= 7U;
  }
  out.push_back(static_cast<char>(value));
}

void put_zigzag(std::string& out, std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  put_varint(out, (bits << 1U) ^ (value < 0 ? ~0ULL : 0ULL));
}

void put_double(std::string& out, double value) {
  static_assert(std::endian::native == std::endian::little);
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}

void put_text(std::string& out, std::string_view text) {
  put_varint(out, text.size());
  out.append(text);
}

Result<unsigned char> ByteReader::byte() {
  if (left() == 0) return malformed("it is cut short");
  return static_cast<unsigned char>(bytes_[offset_++]);
}

Result<std::uint64_t> ByteReader::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const std::uint64_t byte_value = TRY(byte());
    if (shift == 63 && byte_value > 1) break;
    value |= (byte_value & 0x7fU) << shift;
    if (byte_value < 0x80U) return value;
  }
  return malformed("a number has more than 64 bits");
}

Result<std::int64_t> ByteReader::zigzag() {
  const std::uint64_t bits = TRY(varint());
  return static_cast<std::int64_t>((bits >> 1U) ^ (0 - (bits & 1U)));
}

Result<double> ByteReader::number() {
  double value = 0;
  if (left() < sizeof value) return malformed("it is cut short");
  std::memcpy(&value, &bytes_[offset_], sizeof value);
  offset_ += sizeof value;
  return value;
}

Result<std::string_view> ByteReader::text() {
  const std::uint64_t size = TRY(varint());
  if (size > left()) return malformed("it is cut short");
  const auto view = as_text(bytes_.subspan(offset_, size));
  offset_ += size;
  return view;
}

Result<std::size_t> ByteReader::count(std::size_t bytes_each) {
  const std::uint64_t things = TRY(varint());
  if (things > left() / bytes_each) return malformed("a count is larger than what follows");
  return things;
}

Result<> ByteReader::finish() const {
  if (left() > 0) return malformed("bytes are left over");
  return {};
}

std::unexpected<Error> ByteReader::malformed(std::string_view why) const {
  return fail(ErrorCode::malformed, fmt::format("{}, byte {}: {}", what_, offset_, why));
}

}  // namespace brunt
