#include "base/md5.h"

#include <array>
#include <bit>
#include <cstdint>

namespace brunt {
namespace {

using State = std::array<std::uint32_t, 4>;
constexpr std::size_t block_bytes = 64;

// floor(2^32 * |sin(i + 1)|), RFC 1321 section 3.4.
constexpr std::array<std::uint32_t, 64> sines = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};
// By round, then by step modulo 4.
constexpr std::array<std::array<int, 4>, 4> rotations = {
    {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}}};

void mix(State& state, std::string_view block) {
  std::array<std::uint32_t, 16> words{};
  for (std::size_t i = 0; i < block_bytes; ++i)
    words[i / 4] |= std::uint32_t{static_cast<std::uint8_t>(block[i])} << (8 * (i % 4));
  auto [a, b, c, d] = state;
  for (std::uint32_t i = 0; i < 64; ++i) {
    const std::uint32_t round = i / 16;
    const std::uint32_t chosen = round == 0   ? (b & c) | (~b & d)
                                 : round == 1 ? (d & b) | (~d & c)
                                 : round == 2 ? b ^ c ^ d
                                              : c ^ (b | ~d);
    constexpr std::array<std::uint32_t, 4> factors = {1, 5, 3, 7}, offsets = {0, 1, 5, 0};
    const std::uint32_t word = words[(factors[round] * i + offsets[round]) % 16];
    const std::uint32_t turned = std::rotl(a + chosen + sines[i] + word, rotations[round][i % 4]);
    a = d;
    d = c;
    c = b;
    b += turned;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
}

}  // namespace

std::string md5_hex(std::string_view text) {
  State state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  const std::uint64_t bits = text.size() * 8;
  std::size_t at = 0;
  for (; text.size() - at >= block_bytes; at += block_bytes)
    mix(state, text.substr(at, block_bytes));
  // A one bit, zeros, and the length in bits: up to two blocks.
  std::string rest(text.substr(at));
  rest += '\x80';
  while (rest.size() % block_bytes != block_bytes - 8) rest += '\0';
  for (unsigned i = 0; i < 8; ++i) rest += static_cast<char>(bits >> (8 * i));
  for (at = 0; at < rest.size(); at += block_bytes)
    mix(state, std::string_view(rest).substr(at, block_bytes));
  std::string hex;
  for (const std::uint32_t word : state)
    for (unsigned i = 0; i < 8; ++i)
      hex += "0123456789abcdef"[word >> (8 * (i / 2) + 4 * (1 - i % 2)) & 15U];
  return hex;
}

}  // namespace brunt
