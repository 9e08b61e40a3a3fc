// How text looks in a terminal: colours only when asked for, columns by display width.
//
//   const Style style{.colours = Colours::on, .width = 100};
//   style.paint(Paint::good, "✓")
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace brunt {

enum class Colours : std::uint8_t { off, on };
enum class Paint : std::uint8_t { plain, strong, faint, good, bad, caution, accent };

struct Style {
  Colours colours = Colours::off;
  std::uint32_t width = 100;  // Columns; tables drop or shorten what does not fit.

  std::string paint(Paint paint, std::string_view text) const;
};

// Columns that a terminal needs for UTF-8 text without escapes; each code point counts one.
std::size_t display_width(std::string_view text);
std::string pad_right(std::string_view text, std::size_t width);
std::string pad_left(std::string_view text, std::size_t width);
// At most `width` columns; what is cut from the middle becomes one `…`.
std::string shorten(std::string_view text, std::size_t width);

}  // namespace brunt
