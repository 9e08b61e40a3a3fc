// The character classes of HTTP/1.x, and the scans over them that the parser's speed hangs on.
//
// Source: RFC 9110, sections 5.5 and 5.6.2.
#pragma once
#include <array>
#include <cstddef>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace brunt {

inline constexpr std::array<bool, 256> token_characters = [] {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                       "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    table[static_cast<unsigned char>(c)] = true;
  return table;
}();

inline bool is_token_character(char c) {
  return token_characters[static_cast<unsigned char>(c)];
}

// Whether it may not stand in a field value: any control but the tab. Bytes from 0x80 on may.
inline bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && byte != '\t') || byte == 0x7F;
}

// The first control character in [from, to), or `to`. Sixteen bytes a step.
inline const char* find_control(const char* from, const char* to) {
#if defined(__SSE2__)
  constexpr std::ptrdiff_t step = 16;
  const __m128i blank = _mm_set1_epi8(0x20);
  const __m128i tab = _mm_set1_epi8('\t');
  const __m128i del = _mm_set1_epi8(0x7F);
  for (; to - from >= step; from += step) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    const __m128i printable = _mm_cmpeq_epi8(_mm_max_epu8(bytes, blank), bytes);
    const __m128i fine = _mm_or_si128(printable, _mm_cmpeq_epi8(bytes, tab));
    const __m128i bad =
        _mm_or_si128(_mm_cmpeq_epi8(bytes, del), _mm_xor_si128(fine, _mm_set1_epi8(-1)));
    const int mask = _mm_movemask_epi8(bad);
    if (mask != 0) return from + __builtin_ctz(static_cast<unsigned>(mask));
  }
#endif
  while (from != to && !is_control(*from)) ++from;
  return from;
}

inline bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

inline std::string_view trim_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// ASCII, for names whose `lower` spelling we know.
inline bool equals_lower(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const char folded = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    if (folded != lower[i]) return false;
  }
  return true;
}

}  // namespace brunt
