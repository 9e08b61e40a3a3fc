#include "report/style.h"

#include <array>
#include <utility>

namespace brunt {
namespace {

// The sixteen basic colours follow the reader's own theme, so they are legible on light and dark.
constexpr std::array<std::string_view, 7> codes = {"",         "\x1b[1m",  "\x1b[2m", "\x1b[32m",
                                                   "\x1b[31m", "\x1b[33m", "\x1b[36m"};

// Bytes of the code point that starts with this byte.
std::size_t length_of(char first) {
  const auto byte = static_cast<unsigned char>(first);
  if (byte >= 0xF0) return 4;
  if (byte >= 0xE0) return 3;
  return byte >= 0xC0 ? 2 : 1;
}

// The first `columns` code points, or the last.
std::string_view head_of(std::string_view text, std::size_t columns) {
  std::size_t at = 0;
  for (; columns > 0 && at < text.size(); --columns) at += length_of(text[at]);
  return text.substr(0, at);
}

}  // namespace

std::string Style::paint(Paint paint, std::string_view text) const {
  if (colours == Colours::off || paint == Paint::plain || text.empty()) return std::string(text);
  return std::string(codes[std::to_underlying(paint)]).append(text).append("\x1b[0m");
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (const char c : text)
    if ((static_cast<unsigned char>(c) & 0xC0u) != 0x80u) ++width;
  return width;
}

std::string pad_right(std::string_view text, std::size_t width) {
  const std::size_t has = display_width(text);
  return std::string(text) + std::string(has < width ? width - has : 0, ' ');
}

std::string pad_left(std::string_view text, std::size_t width) {
  const std::size_t has = display_width(text);
  return std::string(has < width ? width - has : 0, ' ').append(text);
}

std::string shorten(std::string_view text, std::size_t width) {
  const std::size_t has = display_width(text);
  if (has <= width) return std::string(text);
  if (width <= 1) return width == 0 ? "" : "…";
  // Ends of paths and names tell more apart than beginnings: two thirds stay at the end.
  const std::size_t front = (width - 1) / 3;
  const std::size_t back = width - 1 - front;
  const std::string_view until_back = head_of(text, has - back);
  return std::string(head_of(text, front)).append("…").append(text.substr(until_back.size()));
}

}  // namespace brunt
