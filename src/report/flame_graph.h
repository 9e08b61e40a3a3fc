// A profile as a flame graph: one SVG that stands by itself, as a file or inside a page. A box is a
// function, as wide as its share of the samples, on top of the one that called it; names by the
// mouse, a click widens.
//
//   write_file("profile.svg", flame_graph(profile.folded, {.title = "collector"}));
//
// Orange is the kernel, green a library, blue the program's own; the shade only tells neighbours
// apart.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace brunt {

enum class FlameGraphPlace : std::uint8_t { file, page };

struct FlameGraphOptions {
  std::string title;
  FlameGraphPlace place = FlameGraphPlace::file;
  std::uint32_t width_px = 1200;
  std::uint32_t rows_max = 120;  // Deeper calls are left out, and the graph says so.
};

// `folded` as in ServiceProfile; lines that make no sense are left out. Nothing that stands in it
// can become markup.
std::string flame_graph(std::string_view folded, const FlameGraphOptions& options);

}  // namespace brunt
