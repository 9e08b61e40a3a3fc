#include "report/charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

#include "report/figures.h"

namespace brunt {
namespace {

constexpr std::uint32_t steps_max = 900;  // More than a chart has pixels to show.
constexpr std::size_t heat_rows = 44;

using Steps = std::vector<std::optional<Sink>>;

std::uint64_t total(const Steps& steps) {
  std::uint64_t count = 0;
  for (const auto& step : steps)
    if (step) count += step->count();
  return count;
}

// Five significant digits: what a chart shows needs no more, and the file stays small.
Json rounded(double value) {
  if (!std::isfinite(value)) return 0;
  const std::string digits = fmt::format("{:.5g}", value);
  return std::strtod(digits.c_str(), nullptr);
}

class ChartData {
 public:
  explicit ChartData(const RunRecord& record)
      : record_(record), seconds_(std::max<std::uint32_t>(record.seconds(), 1)) {
    step_ = (seconds_ + steps_max - 1) / steps_max;
    count_ = (seconds_ + step_ - 1) / step_;
  }

  Json build() {
    Json data = Json::Object{{"step_s", std::int64_t{step_}}, {"steps", std::int64_t{count_}}};
    const std::string metric = main_metric();
    const Steps durations = steps_of({metric, {}});
    add_rates(data, metric.substr(0, metric.size() - (sizeof("_req_duration") - 1)));
    data.set("latency", percentiles_of(durations));
    // Where all is open model the response times: waiting for a turn is part of what users feel.
    const bool open_model = record_.find_metric("response_time") != nullptr;
    const Steps responses = open_model ? steps_of({"response_time", {}}) : Steps{};
    const bool all_open = open_model && total(responses) == total(durations);
    data.set("heat", heat_of(all_open ? responses : durations));
    data.set("heat_is", all_open ? "response" : "service");
    if (open_model) data.set("response", percentiles_of(responses));
    add_levels(data);
    add_generator(data);
    add_services(data);
    add_curves(data, metric);
    return data;
  }

 private:
  // The duration metric with the most samples; http's where there is none.
  std::string main_metric() const {
    std::string best = "http_req_duration";
    std::uint64_t most = 0;
    for (const std::string& name : record_.metrics()) {
      if (!name.ends_with("_req_duration")) continue;
      const auto all = record_.merged({name, {}}, record_.all());
      if (all && all->kind() == MetricKind::trend && all->count() > most) {
        most = all->count();
        best = name;
      }
    }
    return best;
  }

  Steps steps_of(const Selector& selector) const {
    Steps steps(count_);
    auto each = record_.by_second(selector, {0, seconds_});
    for (std::size_t second = 0; second < each.size(); ++second) {
      if (!each[second]) continue;
      std::optional<Sink>& step = steps[second / step_];
      if (step)
        step->merge(*each[second]);
      else
        step = std::move(each[second]);
    }
    return steps;
  }

  // The last step may stand for fewer seconds than the others.
  double length_of(std::size_t step) const {
    const double from = static_cast<double>(step * step_);
    const double run = std::max(seconds_of(record_.duration()), static_cast<double>(seconds_ - 1));
    const double to = std::min({from + step_, static_cast<double>(seconds_), run});
    constexpr double shortest = 0.2;  // A sliver of a second would show as a spike.
    return std::max(to - from, shortest);
  }

  template <typename Value>
  Json array_of(const Steps& steps, Value&& value) const {
    Json array = Json::Array{};
    for (std::size_t i = 0; i < steps.size(); ++i) array.push(value(i, steps[i]));
    return array;
  }

  Json rates_of(const Selector& selector) const {
    return array_of(steps_of(selector), [&](std::size_t i, const std::optional<Sink>& sink) {
      return rounded(sink ? sink->sum() / length_of(i) : 0);
    });
  }

  void add_rates(Json& data, const std::string& protocol) const {
    data.set("rate", rates_of({protocol + "_reqs", {}}));
    data.set("failed", array_of(steps_of({protocol + "_req_failed", {}}),
                                [&](std::size_t i, const std::optional<Sink>& sink) {
                                  return rounded(sink ? sink->sum() / length_of(i) : 0);
                                }));
    data.set("iterations", rates_of({"iterations", {}}));
    data.set("dropped", rates_of({"dropped_iterations", {}}));
    data.set("sent", rates_of({"data_sent", {}}));
    data.set("received", rates_of({"data_received", {}}));
  }

  Json percentiles_of(const Steps& steps) const {
    struct Line {
      std::string_view name;
      double quantile;
    };
    constexpr std::array<Line, 5> lines = {Line{"p50", 0.5}, Line{"p90", 0.9}, Line{"p95", 0.95},
                                           Line{"p99", 0.99}, Line{"max", 1}};
    Json all = Json::Object{};
    for (const Line& line : lines)
      all.set(line.name, array_of(steps, [&](std::size_t, const std::optional<Sink>& sink) {
                return sink && sink->kind() == MetricKind::trend
                           ? rounded(sink->histogram().quantile(line.quantile))
                           : Json();
              }));
    return all;
  }

  // Rows of equal height on a logarithmic axis; cells as step, row, count.
  Json heat_of(const Steps& steps) const {
    Histogram whole;
    for (const auto& sink : steps)
      if (sink && sink->kind() == MetricKind::trend) whole.merge(sink->histogram());
    if (whole.count() == 0 || whole.max() <= 0) return {};
    constexpr double least = 1e-3;  // A microsecond.
    const double low = std::log10(std::max(whole.min(), least)) - 0.02;
    const double high = std::log10(std::max(whole.max(), 2 * least)) + 0.02;
    const double height = (high - low) / heat_rows;
    Json edges = Json::Array{};
    for (std::size_t row = 0; row <= heat_rows; ++row)
      edges.push(rounded(std::pow(10.0, low + height * static_cast<double>(row))));
    Json cells = Json::Array{};
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (!steps[i] || steps[i]->kind() != MetricKind::trend) continue;
      std::array<std::uint64_t, heat_rows> counts{};
      for (const Histogram::Bucket& bucket : steps[i]->histogram().buckets()) {
        const double middle = std::max((bucket.low + bucket.high) / 2, least);
        const double row = std::clamp((std::log10(middle) - low) / height, 0.0,
                                      static_cast<double>(heat_rows - 1));
        counts[static_cast<std::size_t>(row)] += bucket.count;
      }
      for (std::size_t row = 0; row < heat_rows; ++row) {
        if (counts[row] == 0) continue;
        cells.push(static_cast<std::int64_t>(i));
        cells.push(static_cast<std::int64_t>(row));
        cells.push(counts[row]);
      }
    }
    return Json::Object{{"edges_ms", std::move(edges)}, {"cells", std::move(cells)}};
  }

  void add_levels(Json& data) const {
    for (const std::string_view name : {"vus", "vus_max"}) {
      if (record_.find_metric(name) == nullptr) continue;
      Json level;  // A gauge that was not sampled in a step has not changed.
      Json array = Json::Array{};
      for (const auto& sink : steps_of({std::string(name), {}})) {
        if (sink) level = rounded(sink->last());
        array.push(level);
      }
      data.set(name, std::move(array));
    }
  }

  void add_generator(Json& data) const {
    std::vector<bool> is_cpu(record_.series.size(), false);
    for (const std::uint32_t index : record_.matching({"generator_cpu", {}})) is_cpu[index] = true;
    std::vector<double> cores(count_, 0);
    bool any = false;
    for (const RecordRow& row : record_.rows) {
      if (!is_cpu[row.series]) continue;
      any = true;
      cores[row.second / step_] += row.last / step_;
    }
    if (!any) return;
    Json cpu = Json::Array{};
    for (const double used : cores) cpu.push(rounded(used));
    const auto p99 = [](std::size_t, const std::optional<Sink>& sink) {
      return sink && sink->kind() == MetricKind::trend ? rounded(sink->histogram().quantile(0.99))
                                                       : Json();
    };
    const auto worst = [](std::size_t, const std::optional<Sink>& sink) {
      return sink ? rounded(sink->moments().max()) : Json();
    };
    data.set("generator",
             Json::Object{{"cpu_cores", std::move(cpu)},
                          {"slip_p99", array_of(steps_of({"generator_schedule_slip", {}}), p99)},
                          {"lag_max", array_of(steps_of({"generator_loop_lag", {}}), worst)}});
  }

  // Cores and bytes of each service; a step in which it was not there is a gap.
  void add_services(Json& data) const {
    const auto last = [](std::size_t, const std::optional<Sink>& sink) {
      return sink ? rounded(sink->last()) : Json();
    };
    Json services = Json::Array{};
    for (const std::string& name : record_.tag_values("service_rss", "service")) {
      const TagSet tags = {{"service", name}};
      services.push(Json::Object{{"name", name},
                                 {"cpu_cores", array_of(steps_of({"service_cpu", tags}), last)},
                                 {"rss", array_of(steps_of({"service_rss", tags}), last)}});
    }
    if (!services.array().empty()) data.set("services", std::move(services));
  }

  // Value at each percentile; x is -log10(1 - p), so that 90 %, 99 %, 99.9 % are evenly apart.
  Json curve_of(const std::string& metric) const {
    const auto whole = record_.merged({metric, {}}, record_.after_warm_up());
    if (!whole || whole->kind() != MetricKind::trend || whole->count() < 2) return {};
    constexpr int points = 140;
    const double end = std::log10(static_cast<double>(whole->count()));
    Json x = Json::Array{};
    Json y = Json::Array{};
    for (int i = 0; i <= points; ++i) {
      const double at = end * i / points;
      x.push(rounded(at));
      y.push(rounded(whole->histogram().quantile(i == points ? 1 : 1 - std::pow(10.0, -at))));
    }
    return Json::Object{{"x", std::move(x)}, {"ms", std::move(y)}};
  }

  void add_curves(Json& data, const std::string& metric) const {
    data.set("curve_service", curve_of(metric));
    data.set("curve_response", curve_of("response_time"));
  }

  const RunRecord& record_;
  std::uint32_t seconds_, step_ = 1, count_ = 1;
};

}  // namespace

Json chart_data(const RunRecord& record) {
  return ChartData(record).build();
}

}  // namespace brunt
