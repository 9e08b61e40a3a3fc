#include "wire/utf8.h"

#include <cstdint>
#include <cstring>

namespace brunt {
namespace {

// By its first byte: how many bytes a character has, and what its second may be.
struct Shape {
  std::size_t size = 0;  // 0: no character begins so.
  unsigned char second_min = 0x80, second_max = 0xBF;
};

Shape shape_of(unsigned char first) {
  if (first >= 0xC2 && first <= 0xDF) return {.size = 2};
  if (first == 0xE0) return {.size = 3, .second_min = 0xA0};
  if (first == 0xED) return {.size = 3, .second_max = 0x9F};
  if (first >= 0xE1 && first <= 0xEF) return {.size = 3};
  if (first == 0xF0) return {.size = 4, .second_min = 0x90};
  if (first == 0xF4) return {.size = 4, .second_max = 0x8F};
  if (first >= 0xF1 && first <= 0xF3) return {.size = 4};
  return {};
}

std::size_t ascii_from(std::string_view bytes, std::size_t at) {
  constexpr std::uint64_t high_bits = 0x8080'8080'8080'8080U;
  for (std::uint64_t word = 0; bytes.size() - at >= sizeof(word); at += sizeof(word)) {
    std::memcpy(&word, bytes.data() + at, sizeof(word));
    if ((word & high_bits) != 0) break;
  }
  while (at < bytes.size() && static_cast<unsigned char>(bytes[at]) < 0x80) ++at;
  return at;
}

}  // namespace

bool is_utf8(std::string_view bytes) {
  for (std::size_t at = ascii_from(bytes, 0); at < bytes.size(); at = ascii_from(bytes, at)) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[at + i]); };
    const Shape shape = shape_of(byte(0));
    if (shape.size == 0 || bytes.size() - at < shape.size) return false;
    if (byte(1) < shape.second_min || byte(1) > shape.second_max) return false;
    for (std::size_t i = 2; i < shape.size; ++i)
      if ((byte(i) & 0xC0U) != 0x80) return false;
    at += shape.size;
  }
  return true;
}

std::size_t cut_utf8_bytes(std::string_view bytes) {
  for (std::size_t back = 1; back <= 3 && back <= bytes.size(); ++back) {
    const auto byte = static_cast<unsigned char>(bytes[bytes.size() - back]);
    if (byte < 0x80) return 0;
    if (byte < 0xC0) continue;
    const std::size_t size = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
    return back < size ? back : 0;
  }
  return 0;
}

}  // namespace brunt
