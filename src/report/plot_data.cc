#include "report/plot_data.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "base/text.h"

namespace brunt {
namespace {

constexpr std::size_t points_max = 2000;  // More than a picture can show.
constexpr std::size_t lines_max = 24;     // More than anybody can tell apart.

// One entry of PlotSpec::y.
struct Wanted {
  Selector selector;
  Condition figure;
  MetricInfo metric;
  std::string label;
};

std::string figure_name(std::string_view text) {
  if (text == "median") return "med";
  if (text.size() > 1 && text[0] == 'p' && text[1] >= '0' && text[1] <= '9')
    return fmt::format("p({})", text.substr(1));
  return std::string(text);
}

std::string_view default_figure(MetricKind kind) {
  constexpr std::array<std::string_view, 4> figures = {"rate", "value", "rate", "med"};
  return figures[static_cast<std::size_t>(kind)];
}

std::unexpected<Error> no_such_metric(const RunRecord& record, const std::string& name) {
  const std::vector<std::string> names = record.metrics();
  const std::vector<std::string_view> views(names.begin(), names.end());
  return fail(
      ErrorCode::not_found,
      fmt::format("the run has no metric \"{}\"{}; it has {}", name, did_you_mean(name, views),
                  names.empty() ? "none" : fmt::format("{}", fmt::join(views, ", "))));
}

// The name, the tags in braces and the figure behind a dot, each of the last two if it is there.
Result<Wanted> parse_wanted(const RunRecord& record, std::string_view text) {
  text = trim(text);
  const std::size_t brace = text.rfind('}');
  const std::size_t dot = text.find('.', brace == std::string_view::npos ? 0 : brace);
  Wanted wanted;
  wanted.label = std::string(text);
  wanted.selector = TRY(parse_selector(text.substr(0, dot)));
  const MetricInfo* metric = record.find_metric(wanted.selector.metric);
  if (metric == nullptr) return no_such_metric(record, wanted.selector.metric);
  wanted.metric = *metric;
  const std::string figure = dot == std::string_view::npos
                                 ? std::string(default_figure(metric->kind))
                                 : figure_name(text.substr(dot + 1));
  wanted.figure = TRY(parse_statistic(figure, metric->kind));
  return wanted;
}

PlotUnit unit_of(const Wanted& wanted) {
  const Statistic statistic = wanted.figure.statistic;
  if (statistic == Statistic::count && wanted.metric.kind != MetricKind::counter)
    return PlotUnit::number;
  if (wanted.metric.kind == MetricKind::rate) return PlotUnit::percent;
  if (wanted.metric.contains == Contains::time) return PlotUnit::milliseconds;
  const bool is_rate = statistic == Statistic::rate;
  if (wanted.metric.contains == Contains::data)
    return is_rate ? PlotUnit::bytes_each_second : PlotUnit::bytes;
  return is_rate ? PlotUnit::each_second : PlotUnit::number;
}

// One for each value of the tag `by`; itself where there is none.
Result<std::vector<Wanted>> split_by(const RunRecord& record, const Wanted& wanted,
                                     const std::string& by) {
  if (by.empty()) return std::vector{wanted};
  const std::vector<std::string> values = record.tag_values(wanted.selector.metric, by);
  if (values.empty())
    return fail(ErrorCode::not_found,
                fmt::format("{} has no tag \"{}\" in this run", wanted.selector.metric, by));
  if (values.size() > lines_max)
    return fail(ErrorCode::invalid,
                fmt::format("the tag \"{}\" has {} values, more than the {} that can be told apart",
                            by, values.size(), lines_max));
  std::vector<Wanted> all;
  for (const std::string& value : values) {
    Wanted one = wanted;
    std::vector<Tag> tags = one.selector.tags;
    tags.push_back({by, value});
    one.selector.tags = make_tag_set(std::move(tags));
    one.label = value;
    all.push_back(std::move(one));
  }
  return all;
}

PlotLine over_time(const RunRecord& record, const Wanted& wanted) {
  PlotLine line{.label = wanted.label, .unit = unit_of(wanted), .points = {}};
  auto seconds = record.by_second(wanted.selector, record.all());
  const std::size_t step = (seconds.size() + points_max - 1) / points_max;
  const double share = line.unit == PlotUnit::percent ? 100 : 1;
  for (std::size_t from = 0; step > 0 && from < seconds.size(); from += step) {
    Sink sum(wanted.metric.kind);
    const std::size_t to = std::min(from + step, seconds.size());
    for (std::size_t i = from; i < to; ++i)
      if (seconds[i]) sum.merge(*seconds[i]);
    const auto value = sum.empty() && wanted.metric.kind != MetricKind::counter
                           ? std::nullopt
                           : measure(wanted.figure, sum, std::chrono::seconds(to - from));
    line.points.emplace_back(static_cast<double>(from),
                             value ? *value * share : std::numeric_limits<double>::quiet_NaN());
  }
  return line;
}

// The whole of a trend after the warm-up.
Result<Histogram> histogram_of(const RunRecord& record, const Wanted& wanted) {
  if (wanted.metric.kind != MetricKind::trend)
    return fail(ErrorCode::invalid,
                fmt::format("{} is a {}: only trends have a distribution", wanted.selector.metric,
                            name_of(wanted.metric.kind)));
  auto sink = record.merged(wanted.selector, record.after_warm_up());
  if (!sink || sink->empty())
    return fail(ErrorCode::not_found, fmt::format("{} has no values in this run", wanted.label));
  return std::move(sink->histogram());
}

bool spans_decades(double low, double high) {
  return low > 0 && high / low > 30;
}

// What bars are drawn over: the same for all lines of a picture.
struct BarRange {
  double low = 0, high = 0;
  bool is_log = false;
};

PlotLine bars_of(const Histogram& histogram, const PlotLine& line, const BarRange& range) {
  const bool is_log = range.is_log;
  constexpr std::size_t bins = 60;
  const auto scaled = [&](double value) { return is_log ? std::log10(value) : value; };
  const double low = scaled(range.low);
  const double high = scaled(range.high);
  const double width = high > low ? (high - low) / bins : 1;
  std::array<double, bins> shares{};
  for (const Histogram::Bucket& bucket : histogram.buckets()) {
    const double middle = (bucket.low + bucket.high) / 2;
    if (is_log && middle <= 0) continue;
    const double at = std::clamp((scaled(middle) - low) / width, 0.0, bins - 1.0);
    shares[static_cast<std::size_t>(at)] +=
        100.0 * static_cast<double>(bucket.count) / static_cast<double>(histogram.count());
  }
  PlotLine bars = line;
  for (std::size_t i = 0; i <= bins; ++i) {
    const double x = low + width * static_cast<double>(i);
    bars.points.emplace_back(is_log ? std::pow(10.0, x) : x, i < bins ? shares[i] : 0);
  }
  return bars;
}

PlotLine curve_of(const Histogram& histogram, const PlotLine& line) {
  PlotLine curve = line;
  constexpr int steps = 400;
  for (int i = 0; i <= steps; ++i) {
    const double share = static_cast<double>(i) / steps;
    curve.points.emplace_back(histogram.quantile(share), share * 100);
  }
  return curve;
}

Result<> add_distributions(const RunRecord& record, const PlotSpec& spec,
                           const std::vector<Wanted>& all, PlotData& data) {
  std::vector<Histogram> histograms;
  double low = std::numeric_limits<double>::infinity();
  double high = 0;
  double most = 0;  // Without the few slowest, that would make all others one bar.
  for (const Wanted& wanted : all) {
    histograms.push_back(TRY(histogram_of(record, wanted)));
    low = std::min(low, histograms.back().quantile(0.001));
    high = std::max(high, histograms.back().max());
    most = std::max(most, histograms.back().quantile(0.999));
  }
  data.is_log_x = spans_decades(low, high);
  const BarRange range{low, data.is_log_x ? high : most, data.is_log_x};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const PlotLine line{.label = all[i].label, .unit = unit_of(all[i]), .points = {}};
    if (spec.kind == PlotKind::boxes) {
      const Histogram& h = histograms[i];
      data.boxes.push_back({line.label, h.quantile(0.05), h.quantile(0.25), h.quantile(0.5),
                            h.quantile(0.75), h.quantile(0.95)});
      data.box_unit = line.unit;
    } else {
      data.lines.push_back(spec.kind == PlotKind::ecdf ? curve_of(histograms[i], line)
                                                       : bars_of(histograms[i], line, range));
    }
  }
  return {};
}

PlotUnit unit_of_subjects(const std::string& metric) {
  if (metric.ends_with(".count")) return PlotUnit::number;
  const std::string base = metric.substr(0, metric.find('.'));
  for (const MetricInfo& known : builtin_metrics())
    if (known.name == base && known.contains == Contains::time) return PlotUnit::milliseconds;
  return PlotUnit::number;
}

// Clients by their number, where they have numbers; else in the order of their names.
Result<PlotLine> clients_of(const RunRecord& record, const std::string& metric) {
  std::set<std::string> known;
  PlotLine line{.label = metric, .unit = unit_of_subjects(metric), .points = {}};
  std::size_t index = 0;
  for (const SubjectValue& one : record.subjects) {
    known.insert(one.metric);
    if (one.metric != metric) continue;
    double x = static_cast<double>(index++);
    double number = 0;
    const char* end = one.subject.data() + one.subject.size();
    if (const auto [at, error] = std::from_chars(one.subject.data(), end, number);
        error == std::errc{} && at == end)
      x = number;
    line.points.emplace_back(x, one.value);
  }
  if (line.points.empty()) {
    const std::vector<std::string_view> names(known.begin(), known.end());
    return fail(ErrorCode::not_found,
                names.empty()
                    ? "the run has no figures of single clients: its plan needs "
                      "`subjects: client` in a scenario"
                    : fmt::format("the run has no figure \"{}\" of its clients{}; it has {}",
                                  metric, did_you_mean(metric, names), fmt::join(names, ", ")));
  }
  std::ranges::sort(line.points);
  return line;
}

}  // namespace

Result<PlotData> plot_data(const RunRecord& record, const PlotSpec& spec) {
  PlotData data;
  if (spec.y.empty()) return fail(ErrorCode::invalid, "there is nothing to plot: give --y METRIC");
  if (spec.kind == PlotKind::clients) {
    for (const std::string& metric : spec.y) data.lines.push_back(TRY(clients_of(record, metric)));
    return data;
  }
  const std::string by = spec.kind == PlotKind::boxes && spec.by.empty() ? "name" : spec.by;
  std::vector<Wanted> all;
  for (const std::string& text : spec.y) {
    const Wanted wanted = TRY(parse_wanted(record, text));
    for (Wanted& one : TRY(split_by(record, wanted, by))) all.push_back(std::move(one));
  }
  if (all.size() > lines_max)
    return fail(
        ErrorCode::invalid,
        fmt::format("{} lines are more than the {} that can be told apart", all.size(), lines_max));
  if (spec.kind != PlotKind::lines) {
    TRY(add_distributions(record, spec, all, data));
    return data;
  }
  for (const Wanted& wanted : all) data.lines.push_back(over_time(record, wanted));
  return data;
}

}  // namespace brunt
