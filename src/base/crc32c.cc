#include "base/crc32c.h"

#include <array>
#include <cstring>

namespace brunt {
namespace {

constexpr std::uint32_t polynomial = 0x82f63b78;  // Reflected.

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    std::uint32_t rest = byte;
    for (int bit = 0; bit < 8; ++bit) rest = rest >> 1u ^ ((rest & 1u) != 0 ? polynomial : 0);
    table[byte] = rest;
  }
  return table;
}

constexpr std::array<std::uint32_t, 256> table = make_table();

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t by_instruction(ByteView bytes,
                                                               std::uint32_t before) {
  const std::byte* at = bytes.data();
  std::size_t left = bytes.size();
  std::uint64_t rest = ~before;
  for (; left >= 8; at += 8, left -= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    rest = __builtin_ia32_crc32di(rest, word);
  }
  auto short_rest = static_cast<std::uint32_t>(rest);
  for (; left > 0; ++at, --left)
    short_rest = __builtin_ia32_crc32qi(short_rest, std::to_integer<unsigned char>(*at));
  return ~short_rest;
}
#endif

}  // namespace

std::uint32_t crc32c_by_table(ByteView bytes, std::uint32_t before) {
  std::uint32_t rest = ~before;
  for (const std::byte byte : bytes)
    rest = rest >> 8u ^ table[(rest ^ std::to_integer<std::uint32_t>(byte)) & 0xffu];
  return ~rest;
}

std::uint32_t crc32c(ByteView bytes, std::uint32_t before) {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
  if (has_instruction) return by_instruction(bytes, before);
#endif
  return crc32c_by_table(bytes, before);
}

}  // namespace brunt
