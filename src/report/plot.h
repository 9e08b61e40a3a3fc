// A run as a picture for a paper or a wall: a script for gnuplot, with its data in it.
//
//   PlotSpec spec{.y = {"http_req_duration.p99", "http_reqs"}};
//   auto script = gnuplot_script(record, spec, {.form = PlotForm::pdf, .file = "run.pdf"});
//   TRY(run_gnuplot(self, *script));                      // report/gnuplot.h
//
// What stands in `y` is METRIC, METRIC{tag:value}, METRIC.FIGURE or METRIC{tag:value}.FIGURE, the
// figure being one of a threshold's (count, rate, value, avg, min, max, med, p(95)), or median,
// p95. Nothing of a run's texts can become a command of gnuplot's.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "record/run_record.h"

namespace brunt {

enum class PlotKind : std::uint8_t {
  lines,      // Over time, a point each second.
  clients,    // A point for each client, from what was measured of it (RunRecord::subjects).
  histogram,  // How often which value came.
  ecdf,       // Which share was at most so much.
  boxes,      // 5, 25, 50, 75 and 95 % for each value of a tag.
};
Result<PlotKind> parse_plot_kind(std::string_view name);

struct PlotSpec {
  PlotKind kind = PlotKind::lines;
  std::vector<std::string> y;
  std::string by;     // A tag: one line for each of its values; of boxes the default is `name`.
  std::string title;  // Empty: the plan's name and the run's id.
  std::uint32_t width_px = 1000, height_px = 560;  // Of PNG and SVG; PDF in proportion.
};

// What is drawn where nobody says what: setup time and median durations by client where the run has
// figures of clients, else p50 and p99 of its requests over time.
PlotSpec usual_plot(const RunRecord& record);

enum class PlotForm : std::uint8_t { pdf, svg, png };
// By the ending of the file's name. Errors: invalid.
Result<PlotForm> parse_plot_form(std::string_view file);

struct PlotOutput {
  PlotForm form = PlotForm::pdf;
  std::string file;
};

// Errors: not_found: no such metric (names the nearest), no values; invalid: a figure that its kind
// does not have, more than two units in one picture.
Result<std::string> gnuplot_script(const RunRecord& record, const PlotSpec& spec,
                                   const PlotOutput& output);

}  // namespace brunt
