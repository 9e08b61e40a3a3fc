#include "report/flame_graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <deque>
#include <iterator>
#include <map>
#include <vector>

#include "base/text.h"
#include "base/units.h"
#include "report/markup.h"
#include "report/style.h"

namespace brunt {
namespace {

constexpr double row_height = 17, head_height = 46, foot_height = 26, margin = 8;
constexpr double letter_width = 6.5;  // Of 11 px in the fonts asked for, on average.
constexpr double narrowest = 0.25;    // Pixels; what is narrower nobody sees.

struct Box {
  std::map<std::string, Box*, std::less<>> callees;
  std::uint64_t samples = 0;
};

class Graph {
 public:
  Graph(std::string_view folded, const FlameGraphOptions& options) : options_(options) {
    boxes_.emplace_back();
    for (const std::string_view line : split(folded, '\n')) add(line);
  }

  std::string draw() {
    std::string boxes;
    place(boxes, boxes_.front(), "all", {});
    const double height = head_height + foot_height + row_height * static_cast<double>(rows_);
    std::string svg = fmt::format(
        "<svg{2} class=\"flame\" viewBox=\"0 0 {0} {1:.0f}\" "
        "width=\"{0}\" height=\"{1:.0f}\" font-family=\"system-ui, Verdana, sans-serif\" "
        "font-size=\"11\">\n<style>.flame g{{cursor:pointer}}.flame g:hover "
        "rect{{stroke:#222;stroke-width:1}}.flame text{{pointer-events:none;fill:#1b1b1b}}"
        "</style>\n<rect width=\"100%\" height=\"100%\" fill=\"#fbfbfa\"/>\n",
        options_.width_px, height,
        options_.place == FlameGraphPlace::file ? " xmlns=\"http://www.w3.org/2000/svg\"" : "");
    svg += fmt::format(
        "<text x=\"{0}\" y=\"18\" font-size=\"14\" font-weight=\"600\">{1}</text>\n"
        "<text x=\"{0}\" y=\"35\">{2} samples of CPU time{3}</text>\n{4}",
        margin, escape_markup(options_.title),
        format_count(static_cast<double>(boxes_.front().samples)),
        is_cut_ ? ", the deepest calls are left out" : "", legend());
    svg += fmt::format("<g transform=\"translate(0 {:.0f})\">\n", height - foot_height);
    svg.append(boxes).append("</g>\n");
    svg += fmt::format("<text class=\"told\" x=\"{}\" y=\"{:.0f}\"> </text>\n", margin, height - 8);
    return svg.append(script).append("</svg>\n");
  }

 private:
  struct Place {
    double from = 0;  // In samples.
    std::uint32_t row = 0;
  };

  void add(std::string_view line) {
    const std::size_t blank = line.rfind(' ');
    std::uint64_t count = 0;
    if (blank == std::string_view::npos || blank == 0) return;
    const auto [end, error] =
        std::from_chars(line.data() + blank + 1, line.data() + line.size(), count);
    if (error != std::errc{} || end != line.data() + line.size() || count == 0) return;
    Box* box = &boxes_.front();
    box->samples += count;
    for (const std::string_view name : split(line.substr(0, blank), ';')) {
      auto callee = box->callees.find(name);
      if (callee == box->callees.end())
        callee = box->callees.emplace(name, &boxes_.emplace_back()).first;
      box = callee->second;
      box->samples += count;
    }
  }

  double pixels_each_sample() const {
    return (options_.width_px - 2 * margin) /
           static_cast<double>(std::max<std::uint64_t>(boxes_.front().samples, 1));
  }

  // NOLINTNEXTLINE(misc-no-recursion): as deep as rows_max.
  void place(std::string& out, const Box& box, std::string_view name, Place at) {
    const double width = static_cast<double>(box.samples) * pixels_each_sample();
    if (width < narrowest) return;
    if (at.row >= options_.rows_max) {
      is_cut_ = true;
      return;
    }
    rows_ = std::max(rows_, at.row + 1);
    const double x = margin + at.from * pixels_each_sample();
    const double y = -row_height * (at.row + 1);
    const double share =
        static_cast<double>(box.samples) / static_cast<double>(boxes_.front().samples);
    const std::string shown(name.ends_with("_[k]") ? name.substr(0, name.size() - 4) : name);
    const std::string told = escape_markup(
        fmt::format("{} ({} samples, {})", shown, format_count(static_cast<double>(box.samples)),
                    format_percent(share)));
    fmt::format_to(std::back_inserter(out),
                   "<g data-x=\"{}\" data-w=\"{}\" data-n=\"{}\"><title>{}</title><rect "
                   "x=\"{:.2f}\" y=\"{:.0f}\" width=\"{:.2f}\" height=\"{:.0f}\" rx=\"1.5\" "
                   "fill=\"{}\"/><text x=\"{:.2f}\" y=\"{:.0f}\">{}</text></g>\n",
                   at.from, box.samples, escape_markup(shown), told, x, y,
                   std::max(width - 0.5, narrowest), row_height - 1, colour_of(name, at.row), x + 3,
                   y + 12, escape_markup(shortened(shown, width)));
    Place next{at.from, at.row + 1};
    for (const auto& [callee, inner] : box.callees) {
      place(out, *inner, callee, next);
      next.from += static_cast<double>(inner->samples);
    }
  }

  static std::string shortened(const std::string& name, double width) {
    const double room = (width - 5) / letter_width;
    if (room < 3) return {};
    return shorten(name, static_cast<std::size_t>(room));
  }

  // Told apart also by those who do not see red or green: by lightness.
  static std::string colour_of(std::string_view name, std::uint32_t row) {
    if (row == 0) return "#d9d9d6";
    std::uint32_t sum = 17;
    for (const char c : name) sum = sum * 31 + static_cast<unsigned char>(c);
    const auto shade = static_cast<int>(sum % 12);
    if (name.ends_with("_[k]")) return fmt::format("hsl(28 90% {}%)", 66 + shade);
    if (name.starts_with('[') || name.starts_with("__libc") || name.starts_with("__GI_"))
      return fmt::format("hsl(158 38% {}%)", 66 + shade);
    return fmt::format("hsl(205 62% {}%)", 71 + shade);
  }

  std::string legend() const {
    struct Entry {
      const char *colour, *words;
    };
    constexpr Entry entries[] = {{"hsl(205 62% 75%)", "functions"},
                                 {"hsl(158 38% 70%)", "libraries without names"},
                                 {"hsl(28 90% 70%)", "kernel"}};
    std::string text;
    double x = options_.width_px - 330.0;
    for (const Entry& entry : entries) {
      text += fmt::format(
          "<rect x=\"{0:.0f}\" y=\"9\" width=\"11\" height=\"11\" rx=\"2\" fill=\"{1}\"/><text "
          "x=\"{2:.0f}\" y=\"18\">{3}</text>\n",
          x, entry.colour, x + 16, entry.words);
      x += 34 + letter_width * static_cast<double>(std::string_view(entry.words).size());
    }
    return text;
  }

  // A click on a box gives it the whole width, with those below it; one on the lowest, all again.
  static constexpr std::string_view script = R"js(<script><![CDATA[(() => {
  const svg = document.currentScript.closest('svg');
  const boxes = [...svg.querySelectorAll('g[data-w]')];
  const told = svg.querySelector('.told');
  const margin = 8, width = svg.viewBox.baseVal.width - 2 * margin;
  const show = (from, samples) => {
    const scale = width / samples;
    for (const box of boxes) {
      const x = +box.dataset.x, w = +box.dataset.w;
      const left = Math.max(x, from), right = Math.min(x + w, from + samples);
      const pixels = (right - left) * scale;
      box.style.display = pixels < 0.25 ? 'none' : '';
      if (pixels < 0.25) continue;
      const at = margin + (left - from) * scale;
      const [rect, text] = [box.querySelector('rect'), box.querySelector('text')];
      rect.setAttribute('x', at);
      rect.setAttribute('width', Math.max(pixels - 0.5, 0.25));
      text.setAttribute('x', at + 3);
      const room = Math.floor((pixels - 5) / 6.5), name = box.dataset.n;
      text.textContent = room < 3 ? '' : name.length <= room ? name : name.slice(0, room - 1) + '…';
    }
  };
  for (const box of boxes) {
    box.addEventListener('click', () => show(+box.dataset.x, +box.dataset.w));
    box.addEventListener('mouseenter', () => { told.textContent = box.querySelector('title').textContent; });
  }
})();]]></script>
)js";

  const FlameGraphOptions& options_;
  std::deque<Box> boxes_;  // The first is the whole. A deque: places stay.
  std::uint32_t rows_ = 1;
  bool is_cut_ = false;
};

}  // namespace

std::string flame_graph(std::string_view folded, const FlameGraphOptions& options) {
  return Graph(folded, options).draw();
}

}  // namespace brunt
