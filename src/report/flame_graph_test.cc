#include "report/flame_graph.h"

#include <doctest/doctest.h>

#include "base/file.h"

namespace brunt {
namespace {

constexpr std::string_view folded =
    "web;main;accept 10\nweb;main;handle 30\nweb;main;handle;write_[k] 50\nweb;main;[libc.so.6] "
    "10\n";

TEST_CASE("a box is as wide as its share of the samples") {
  const std::string svg = flame_graph(folded, {.title = "web", .width_px = 1016});
  CHECK(svg.contains("100 samples of CPU time"));
  CHECK(svg.contains("<title>handle (80 samples, 80.00%)</title>"));
  CHECK(svg.contains("data-x=\"20\" data-w=\"80\""));
  CHECK(svg.contains("width=\"799.50\""));
  CHECK(svg.contains("<title>write (50 samples, 50.00%)</title>"));
}

TEST_CASE("names of functions cannot become markup") {
  const std::string svg =
      flame_graph("web;</svg><script>alert(1)</script>;\"x\" 5\n", {.title = "<b>"});
  CHECK_FALSE(svg.contains("<script>alert"));
  CHECK(svg.contains("&lt;b&gt;"));
  CHECK(svg.contains("&quot;x&quot;"));
}

TEST_CASE("lines that are none are left out, and an empty profile is an empty graph") {
  CHECK(flame_graph("nonsense\n 5\na;b x\na;b 0\n", {.title = ""}).contains("0 samples"));
  CHECK(flame_graph("", {.title = ""}).ends_with("</svg>\n"));
}

TEST_CASE("calls that are too deep are left out, and the graph says so") {
  std::string deep = "web";
  for (int i = 0; i < 500; ++i) deep += ";f" + std::to_string(i);
  const std::string svg = flame_graph(deep + " 1\n", {.title = "web", .rows_max = 50});
  CHECK(svg.contains("the deepest calls are left out"));
  CHECK(svg.contains(">f47<"));
  CHECK_FALSE(svg.contains(">f48<"));
}

}  // namespace
}  // namespace brunt
