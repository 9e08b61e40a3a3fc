#include "report/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

#include "report/plot_data.h"

namespace brunt {
namespace {

// Okabe and Ito's colours, which also those can tell apart who do not see all of them.
constexpr std::array<std::string_view, 8> colours = {"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                                     "#E69F00", "#56B4E9", "#000000", "#999999"};

// In single quotes gnuplot takes everything as it is; in double quotes it would run `commands`.
std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\'';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out + "'";
}

// How an axis shows its values: divided, with the unit's name.
struct Axis {
  double divisor = 1;
  std::string unit;
};

Axis axis_of(PlotUnit unit, double most) {
  switch (unit) {
    case PlotUnit::milliseconds:
      if (most < 1) return {1e-3, "µs"};
      if (most < 5000) return {1, "ms"};
      return {1e3, "s"};
    case PlotUnit::bytes:
    case PlotUnit::bytes_each_second: {
      const std::string each = unit == PlotUnit::bytes ? "" : "/s";
      if (most < 1e3) return {1, "B" + each};
      if (most < 1e6) return {1e3, "kB" + each};
      if (most < 1e9) return {1e6, "MB" + each};
      return {1e9, "GB" + each};
    }
    case PlotUnit::percent:
      return {1, "%"};
    case PlotUnit::each_second:
      return {1, "per second"};
    case PlotUnit::number:
      break;
  }
  return {1, ""};
}

std::string with_unit(std::string_view name, const Axis& axis) {
  return axis.unit.empty() ? std::string(name) : fmt::format("{} ({})", name, axis.unit);
}

enum class Of : std::uint8_t { x, y };
double most_of(const std::vector<PlotLine>& lines, PlotUnit unit, Of which) {
  double most = 0;
  for (const PlotLine& line : lines)
    for (const auto& [x, y] : line.points) {
      const double value = which == Of::x ? x : y;
      if (line.unit == unit && std::isfinite(value)) most = std::max(most, value);
    }
  return most;
}

class Script {
 public:
  Script(const RunRecord& record, const PlotSpec& spec, const PlotOutput& output)
      : record_(record), spec_(spec), output_(output) {}

  Result<std::string> build() {
    data_ = TRY(plot_data(record_, spec_));
    head();
    switch (spec_.kind) {
      case PlotKind::lines:
      case PlotKind::clients:
        TRY(plot_values());
        break;
      case PlotKind::histogram:
      case PlotKind::ecdf:
        plot_distributions();
        break;
      case PlotKind::boxes:
        plot_boxes();
        break;
    }
    return std::move(out_);
  }

 private:
  template <typename... Args>
  void line(fmt::format_string<Args...> text, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), text, std::forward<Args>(args)...);
    out_ += '\n';
  }

  void head() {
    line("# Made by brunt; gnuplot draws it: gnuplot FILE");
    const double inch_px = 100;
    switch (output_.form) {
      case PlotForm::pdf:
        line("set terminal pdfcairo noenhanced font 'DejaVu Sans,10' size {:.2f}in,{:.2f}in",
             spec_.width_px / inch_px, spec_.height_px / inch_px);
        break;
      case PlotForm::svg:
        line("set terminal svg noenhanced font 'DejaVu Sans,13' size {},{} background '#ffffff'",
             spec_.width_px, spec_.height_px);
        break;
      case PlotForm::png:
        line("set terminal pngcairo noenhanced font 'DejaVu Sans,11' size {},{}", spec_.width_px,
             spec_.height_px);
        break;
    }
    if (!output_.file.empty()) line("set output {}", quoted(output_.file));
    line("set encoding utf8");
    line("set datafile missing 'nan'");
    line("set border 3 linecolor '#666666'");
    line("set tics nomirror out textcolor '#333333'");
    line("set grid linecolor '#dddddd' linetype 1 linewidth 0.6");
    line(
        "set key at screen 0.5, screen 0.02 center bottom horizontal Left reverse textcolor "
        "'#333333' "
        "samplen 2 width 2");
    line("set bmargin {}", spec_.kind == PlotKind::boxes ? 4 : 6);
    line("set format y '%.6g'");
    const std::string title = spec_.title.empty()
                                  ? fmt::format("{} · {}", record_.run.plan_name, record_.run.id)
                                  : spec_.title;
    line("set title {} textcolor '#111111' offset 0,0.4", quoted(title));
  }

  // The points of each line as a block of data, in the axes' units.
  void blocks(const std::vector<std::pair<double, double>>& divisors) {
    for (std::size_t i = 0; i < data_.lines.size(); ++i) {
      line("$line{} << END", i);
      for (const auto& [x, y] : data_.lines[i].points)
        line("{:.9g} {}", x / divisors[i].first,
             std::isfinite(y) ? fmt::format("{:.9g}", y / divisors[i].second) : "nan");
      line("END");
    }
  }

  // Over time, or over clients: each unit its own axis, of which there are two.
  Result<> plot_values() {
    std::vector<PlotUnit> units;
    for (const PlotLine& one : data_.lines)
      if (std::ranges::find(units, one.unit) == units.end()) units.push_back(one.unit);
    if (units.size() > 2)
      return fail(ErrorCode::invalid,
                  "a picture has two axes, and these are values of more than two units: plot them "
                  "one after the other");
    std::vector<Axis> axes;
    for (const PlotUnit unit : units)
      axes.push_back(axis_of(unit, most_of(data_.lines, unit, Of::y)));
    const bool is_time = spec_.kind == PlotKind::lines;
    line("set xlabel {}", quoted(is_time ? "time since the start (s)" : "client"));
    for (std::size_t i = 0; i < axes.size(); ++i)
      line("set {} {}", i == 0 ? "ylabel" : "y2label",
           quoted(with_unit(names_of(units[i]), axes[i])));
    if (axes.size() > 1) line("set y2tics nomirror out textcolor '#333333'\nset border 11");
    line("set yrange [0:*]");
    if (axes.size() > 1) line("set y2range [0:*]");
    if (is_time) bands();
    std::vector<std::pair<double, double>> divisors;
    for (const PlotLine& one : data_.lines)
      divisors.emplace_back(1.0, axes[one.unit == units.front() ? 0 : 1].divisor);
    blocks(divisors);
    std::string plots;
    for (std::size_t i = 0; i < data_.lines.size(); ++i) {
      const PlotLine& one = data_.lines[i];
      const bool is_second = one.unit != units.front();
      const std::string label = is_second ? one.label + " (right)" : one.label;
      plots += fmt::format("{} $line{} using 1:2 axes x1{} with {} linecolor {} title {}",
                           i == 0 ? "plot" : ", \\\n    ", i, is_second ? "y2" : "y1", style_of(i),
                           quoted(colours[i % colours.size()]), quoted(label));
    }
    line("{}", plots);
    return {};
  }

  std::string style_of(std::size_t i) const {
    // Of many clients the cloud is what one sees.
    if (spec_.kind == PlotKind::clients)
      return fmt::format("points pointtype {} pointsize {}", i % 2 == 0 ? 7 : 5,
                         data_.lines[i].points.size() > 2000 ? 0.2 : 0.4);
    return fmt::format("lines linewidth 1.8 dashtype {}", 1 + i / colours.size());
  }

  // What the lines of one axis are called: the one name, or nothing that would be untrue.
  std::string names_of(PlotUnit unit) const {
    std::string name;
    for (std::size_t i = 0; i < data_.lines.size(); ++i) {
      if (data_.lines[i].unit != unit) continue;
      const std::string& text = spec_.by.empty() ? data_.lines[i].label : spec_.y.front();
      if (!name.empty() && name != text) return common_word(unit);
      name = text;
    }
    return name;
  }

  static std::string common_word(PlotUnit unit) {
    switch (unit) {
      case PlotUnit::milliseconds:
        return "time";
      case PlotUnit::bytes:
        return "size";
      case PlotUnit::percent:
        return "share";
      case PlotUnit::each_second:
      case PlotUnit::bytes_each_second:
        return "rate";
      case PlotUnit::number:
        break;
    }
    return "count";
  }

  // Warm-up and faults, behind the lines.
  void bands() {
    for (const RunEvent& event : record_.events) {
      if (event.to <= event.from || event.kind == EventKind::stage) continue;
      const bool is_fault = event.kind == EventKind::fault;
      line(
          "set object rectangle from {:.3f}, graph 0 to {:.3f}, graph 1 behind fillcolor '{}' "
          "fillstyle solid {} noborder",
          seconds_of(event.from), seconds_of(event.to), is_fault ? "#D55E00" : "#888888",
          is_fault ? 0.18 : 0.12);
      line("set label {} at {:.3f}, graph 1.02 left font ',8' textcolor '#777777'",
           quoted(event.text.empty() ? name_of(event.kind) : std::string_view(event.text)),
           seconds_of(event.from));
    }
  }

  void plot_distributions() {
    const bool is_ecdf = spec_.kind == PlotKind::ecdf;
    const PlotUnit unit = data_.lines.front().unit;
    const Axis axis = axis_of(unit, data_.is_log_x ? most_of(data_.lines, unit, Of::x) / 10
                                                   : most_of(data_.lines, unit, Of::x));
    line("set xlabel {}", quoted(with_unit(names_of(unit), axis)));
    line("set ylabel {}", quoted(is_ecdf ? "at most so much (%)" : "share of the samples (%)"));
    if (data_.is_log_x) line("set logscale x");
    line("set format x '%.6g'");
    line("set yrange [0:{}]", is_ecdf ? "100" : "*");
    blocks(std::vector<std::pair<double, double>>(data_.lines.size(), {axis.divisor, 1.0}));
    std::string plots;
    for (std::size_t i = 0; i < data_.lines.size(); ++i) {
      const std::string colour = quoted(colours[i % colours.size()]);
      const std::string title = quoted(data_.lines[i].label);
      plots += i == 0 ? "plot" : ", \\\n    ";
      if (is_ecdf)
        plots += fmt::format(" $line{} using 1:2 with lines linewidth 1.8 linecolor {} title {}", i,
                             colour, title);
      else
        plots += fmt::format(
            " $line{0} using 1:2 with fillsteps fillstyle transparent solid 0.3 linecolor {1} "
            "notitle, $line{0} using 1:2 with steps linewidth 1.2 linecolor {1} title {2}",
            i, colour, title);
    }
    line("{}", plots);
  }

  void plot_boxes() {
    double most = 0;
    double least = data_.boxes.front().p5;
    for (const PlotBox& box : data_.boxes) {
      most = std::max(most, box.p95);
      least = std::min(least, box.p5);
    }
    const bool is_log = least > 0 && most / least > 30;
    const Axis axis = axis_of(data_.box_unit, is_log ? most / 10 : most);
    line("set ylabel {}",
         quoted(
             with_unit(spec_.y.size() == 1 ? spec_.y.front() : common_word(data_.box_unit), axis)));
    line("set xlabel {}",
         quoted("5, 25, 50, 75 and 95 % by " + (spec_.by.empty() ? "name" : spec_.by)));
    if (is_log)
      line("set logscale y");
    else
      line("set yrange [0:*]");
    line("unset key");
    line("set grid noxtics ytics");
    line("set xrange [0.3:{}]", static_cast<double>(data_.boxes.size()) + 0.7);
    std::string tics;
    for (std::size_t i = 0; i < data_.boxes.size(); ++i)
      tics += fmt::format("{}{} {}", i == 0 ? "" : ", ", quoted(data_.boxes[i].label), i + 1);
    line("set xtics ({}){}", tics, data_.boxes.size() > 6 ? " rotate by -30" : "");
    line("set boxwidth 0.45");
    line("$boxes << END");
    for (std::size_t i = 0; i < data_.boxes.size(); ++i) {
      const PlotBox& box = data_.boxes[i];
      const double d = axis.divisor;
      line("{} {:.9g} {:.9g} {:.9g} {:.9g} {:.9g}", i + 1, box.p5 / d, box.p25 / d, box.p50 / d,
           box.p75 / d, box.p95 / d);
    }
    line("END");
    line(
        "plot $boxes using 1:3:2:6:5 with candlesticks linecolor '{0}' linewidth 1.4 fillstyle "
        "solid 0.3 border linecolor '{0}' whiskerbars 0.5, \\\n     $boxes using 1:4:4:4:4 with "
        "candlesticks linecolor '#111111' linewidth 2",
        colours.front());
  }

  const RunRecord& record_;
  const PlotSpec& spec_;
  const PlotOutput& output_;
  PlotData data_;
  std::string out_;
};

}  // namespace

Result<PlotKind> parse_plot_kind(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, PlotKind>, 5> kinds = {
      {{"lines", PlotKind::lines},
       {"clients", PlotKind::clients},
       {"histogram", PlotKind::histogram},
       {"ecdf", PlotKind::ecdf},
       {"boxes", PlotKind::boxes}}};
  for (const auto& [known, kind] : kinds)
    if (known == name) return kind;
  return fail(
      ErrorCode::invalid,
      fmt::format("\"{}\" is no kind of plot: lines, clients, histogram, ecdf, boxes", name));
}

Result<PlotForm> parse_plot_form(std::string_view file) {
  if (file.ends_with(".pdf")) return PlotForm::pdf;
  if (file.ends_with(".svg")) return PlotForm::svg;
  if (file.ends_with(".png")) return PlotForm::png;
  return fail(ErrorCode::invalid,
              fmt::format("{}: a plot's file ends in .pdf, .svg or .png", file));
}

PlotSpec usual_plot(const RunRecord& record) {
  PlotSpec spec;
  std::set<std::string> medians, durations;
  for (const SubjectValue& one : record.subjects)
    if (one.metric.ends_with(".median")) medians.insert(one.metric);
  for (const SeriesInfo& one : record.series)
    if (one.metric.name.ends_with("_req_duration")) durations.insert(one.metric.name);
  if (!medians.empty()) {
    spec.kind = PlotKind::clients;
    spec.y = {"setup_time"};
    spec.y.insert(spec.y.end(), medians.begin(), medians.end());
    return spec;
  }
  if (durations.empty()) durations = {"iteration_duration"};
  for (const std::string& one : durations)
    spec.y.insert(spec.y.end(), {one + ".p50", one + ".p99"});
  return spec;
}

Result<std::string> gnuplot_script(const RunRecord& record, const PlotSpec& spec,
                                   const PlotOutput& output) {
  return Script(record, spec, output).build();
}

}  // namespace brunt
