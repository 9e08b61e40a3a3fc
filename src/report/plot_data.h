// What a plot shows, as numbers: lines and boxes out of a run's record. Internal to this layer;
// plot.cc writes them down for gnuplot.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "metrics/threshold.h"
#include "record/run_record.h"
#include "report/plot.h"

namespace brunt {

// What the values of an axis are.
enum class PlotUnit : std::uint8_t {
  number,
  milliseconds,
  bytes,
  percent,
  each_second,
  bytes_each_second
};

struct PlotLine {
  std::string label;
  PlotUnit unit = PlotUnit::number;
  std::vector<std::pair<double, double>> points;  // A y that is not a number is a gap.
};

struct PlotBox {
  std::string label;
  double p5 = 0, p25 = 0, p50 = 0, p75 = 0, p95 = 0;
};

struct PlotData {
  std::vector<PlotLine> lines;
  std::vector<PlotBox> boxes;
  PlotUnit box_unit = PlotUnit::number;
  bool is_log_x = false;  // Of histograms and ECDFs whose values are far apart.
};

// Errors: those of gnuplot_script().
Result<PlotData> plot_data(const RunRecord& record, const PlotSpec& spec);

}  // namespace brunt
