#include "report/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/units.h"
#include "record/services.h"
#include "report/figures.h"

namespace brunt {
namespace {

constexpr std::size_t indent = 2;
// Of the request table: count, rate, five latencies, errors; each with a space before it.
constexpr std::array<std::size_t, 8> column_widths = {9, 8, 7, 7, 7, 7, 7, 7};
constexpr std::size_t latency_width = 8;  // Of the response table: one more for `≥`.

std::string milliseconds(double value) {
  return format_duration(duration_of(value));
}

std::string at_least(const std::string& text) {
  return "≥" + text;
}

class TextReport {
 public:
  TextReport(const RunRecord& record, const TextReportOptions& options)
      : record_(record), options_(options), style_(options.style), figures_(figures_of(record)) {}

  std::string build() {
    verdict();
    thresholds();
    checks();
    requests();
    arrivals();
    faults();
    errors();
    metrics();
    services();
    generator();
    processes();
    places();
    return std::move(out_);
  }

 private:
  void line(const std::string& text = "") {
    if (!text.empty()) out_.append(indent, ' ').append(text);
    out_ += '\n';
  }
  void heading(std::string_view words, const std::string& rest = "") {
    line();
    line(style_.paint(Paint::strong, words) +
         (rest.empty() ? "" : "  " + style_.paint(Paint::faint, rest)));
  }
  std::string mark(bool passed) const {
    return passed ? style_.paint(Paint::good, "✓") : style_.paint(Paint::bad, "✗");
  }
  std::size_t room() const { return std::max<std::size_t>(style_.width, 60) - indent; }

  void verdict() {
    const RunOutcome outcome = outcome_of(record_.run);
    struct Look {
      Paint paint;
      std::string_view sign;
    };
    constexpr std::array<Look, 6> looks = {Look{Paint::good, "✓"},    Look{Paint::accent, "✓"},
                                           Look{Paint::bad, "✗"},     Look{Paint::caution, "!"},
                                           Look{Paint::caution, "!"}, Look{Paint::accent, "…"}};
    const Look& look = looks[std::to_underlying(outcome)];
    line();
    const std::string word = std::string(look.sign) + " " + std::string(name_of(outcome));
    const std::string sentence(verdict_words(record_.run));
    line(style_.paint(look.paint, word) + (sentence.empty() ? "" : "  " + sentence));
    line("  " + style_.paint(Paint::faint, circumstances()));
    for (const std::string& note : record_.notes) line(style_.paint(Paint::caution, "! " + note));
  }

  std::string circumstances() const {
    const RunInfo& run = record_.run;
    std::string text = run.plan_name;
    text += fmt::format(" · {} · {}", run.id, format_duration(record_.duration()));
    if (run.warm_up > Duration::zero())
      text += fmt::format(" (figures after {} of warm-up)", format_duration(run.warm_up));
    if (run.time_scale != 1) text += fmt::format(" · time scale {}", run.time_scale);
    if (!run.host.empty())
      text += fmt::format(" · {}, {} core{}", run.host, run.cores, run.cores == 1 ? "" : "s");
    if (!run.backend.empty()) text += ", " + run.backend;
    return text;
  }

  void thresholds() {
    if (record_.thresholds.empty()) return;
    heading("Thresholds");
    std::size_t selectors = 0;
    std::size_t expressions = 0;
    for (const ThresholdResult& one : record_.thresholds) {
      selectors = std::max(selectors, display_width(one.selector));
      expressions = std::max(expressions, display_width(one.expression));
    }
    selectors = std::min(selectors, room() / 2);
    for (const ThresholdResult& one : record_.thresholds) {
      const std::string measured = one.measured_text.empty() ? "no samples" : one.measured_text;
      line(fmt::format("  {} {}  {}  {}{}", mark(one.passed),
                       pad_right(shorten(one.selector, selectors), selectors),
                       pad_right(one.expression, expressions),
                       style_.paint(one.passed ? Paint::faint : Paint::bad, measured),
                       one.aborted_run ? style_.paint(Paint::bad, "  ended the run") : ""));
    }
  }

  void checks() {
    if (record_.checks.empty()) return;
    const std::uint64_t all = figures_.checks_passed + figures_.checks_failed;
    heading(
        "Checks",
        fmt::format("{} of {} passed{}", format_count(static_cast<double>(figures_.checks_passed)),
                    format_count(static_cast<double>(all)),
                    record_.run.warm_up > Duration::zero() ? ", with the warm-up" : ""));
    for (const CheckResult& one : record_.checks) {
      const double total = static_cast<double>(one.passes + one.fails);
      const std::string sign = total > 0 ? mark(one.fails == 0) : style_.paint(Paint::faint, "–");
      std::string text = "  " + sign + " ";
      if (!one.group.empty()) text += style_.paint(Paint::faint, one.group.substr(2) + " › ");
      text += one.name;
      if (one.fails > 0)
        text += style_.paint(
            Paint::bad,
            fmt::format("  failed {} of {} ({})", format_count(static_cast<double>(one.fails)),
                        format_count(total),
                        format_percent(static_cast<double>(one.fails) / total)));
      line(text);
    }
  }

  void requests() {
    if (!figures_.whole) return;
    const bool one_protocol = std::ranges::all_of(
        figures_.requests,
        [&](const RequestFigures& request) { return request.metric == figures_.whole->metric; });
    constexpr std::array<std::string_view, 8> columns = {"count", "rate", "p50", "p90",
                                                         "p95",   "p99",  "max", "errors"};
    std::size_t numbers = columns.size();
    for (const std::size_t width : column_widths) numbers += width;
    origin_ = common_origin(figures_.requests);
    constexpr std::string_view usual_scheme = "http://";
    const std::string label =
        origin_.empty()
            ? "Requests"
            : "Requests to " +
                  origin_.substr(origin_.starts_with(usual_scheme) ? usual_scheme.size() : 0);
    std::size_t names = std::max(display_width(figures_.whole->name), display_width(label) - 2);
    for (const RequestFigures& one : figures_.requests)
      names = std::max(names, display_width(one.name) - origin_.size());
    names = std::min(names, std::max<std::size_t>(room() - std::min(room(), numbers + 2), 16));

    line();
    std::string head;
    for (std::size_t i = 0; i < columns.size(); ++i)
      head += " " + pad_left(columns[i], column_widths[i]);
    line(style_.paint(Paint::strong, pad_right(shorten(label, names + 2), names + 2)) +
         style_.paint(Paint::faint, head));
    constexpr std::size_t rows_max = 40;
    for (std::size_t i = 0; i < std::min(rows_max, figures_.requests.size()); ++i)
      request_row(figures_.requests[i], names, Paint::plain);
    if (figures_.requests.size() > rows_max)
      line(style_.paint(Paint::faint,
                        fmt::format("  … and {} more: brunt report {} --format json",
                                    figures_.requests.size() - rows_max, record_.run.id)));
    if (figures_.requests.size() != 1 || !one_protocol)
      request_row(*figures_.whole, names, Paint::strong);
    intervals(figures_.whole->latency, names);
  }

  // scheme://authority of all names, where they have the same: it stands in the heading then.
  static std::string common_origin(const std::vector<RequestFigures>& requests) {
    std::string_view common;
    for (const RequestFigures& one : requests) {
      const auto scheme = one.name.find("://");
      if (scheme == std::string::npos) return {};
      const auto path = one.name.find('/', scheme + 3);
      if (path == std::string::npos) return {};
      const auto origin = std::string_view(one.name).substr(0, path);
      if (!common.empty() && origin != common) return {};
      common = origin;
    }
    return std::string(common);
  }

  void request_row(const RequestFigures& one, std::size_t names, Paint paint) {
    std::string_view name = one.name;
    if (!origin_.empty() && name.starts_with(origin_)) name.remove_prefix(origin_.size());
    std::string row = "  " + style_.paint(paint, pad_right(shorten(name, names), names));
    std::size_t column = 0;
    const auto cell = [&](const std::string& text, Paint how = Paint::plain) {
      row += " " + style_.paint(how, pad_left(text, column_widths[column++]));
    };
    const Latency& latency = one.latency;
    cell(format_count(static_cast<double>(latency.count)));
    cell(format_rate(one.each_second));
    for (const double value : {latency.p50, latency.p90, latency.p95, latency.p99, latency.max})
      cell(milliseconds(value));
    cell(one.failed == 0 ? "0" : format_percent(one.failed_share),
         one.failed == 0 ? Paint::faint : Paint::bad);
    line(row);
  }

  static std::string format_rate(double each_second) {
    return each_second < 100 ? fmt::format("{:.3g}/s", each_second)
                             : format_count(each_second) + "/s";
  }

  // Low ends in one line, high ends in the next, each below its percentile.
  void intervals(const Latency& latency, std::size_t names) {
    if (!latency.p50_interval) return;
    const std::array<const std::optional<FigureInterval>*, 4> all = {
        &latency.p50_interval, &latency.p90_interval, &latency.p95_interval, &latency.p99_interval};
    const std::size_t before = names + 2 + column_widths[0] + column_widths[1] + 2;
    std::string low = pad_right("  95 % sure: from", before);
    std::string high = pad_right("             to", before);
    for (const auto* interval : all) {
      low += " " + pad_left(*interval ? milliseconds((*interval)->low) : "", column_widths[2]);
      high += " " + pad_left(*interval ? milliseconds((*interval)->high) : "", column_widths[2]);
    }
    line(style_.paint(Paint::faint, low));
    line(style_.paint(Paint::faint, high));
  }

  void arrivals() {
    if (!figures_.arrivals) return;
    const ArrivalFigures& arrivals = *figures_.arrivals;
    constexpr std::size_t names = 38;
    line();
    std::string head;
    for (const std::string_view column : {"p50", "p90", "p95", "p99", "max"})
      head += " " + pad_left(column, latency_width);
    line(style_.paint(Paint::strong, pad_right("Response time", names + 2)) +
         style_.paint(Paint::faint, head));
    const auto row = [&](std::string_view name, const Latency& latency, bool censored) {
      std::string text = "  " + pad_right(name, names);
      for (const double value : {latency.p50, latency.p90, latency.p95, latency.p99, latency.max})
        text += " " + pad_left(censored ? at_least(milliseconds(value)) : milliseconds(value),
                               latency_width);
      line(text);
    };
    row("response, from the planned instant", arrivals.response, arrivals.is_censored());
    if (arrivals.service.count > 0) row("service, from the actual send", arrivals.service, false);
    if (arrivals.dropped > 0)
      line("  " +
           style_.paint(Paint::caution,
                        fmt::format("≥: {} of {} arrivals ({}) were dropped as no VU was free; "
                                    "they would be slow.",
                                    format_count(static_cast<double>(arrivals.dropped)),
                                    format_count(static_cast<double>(arrivals.planned)),
                                    format_percent(arrivals.dropped_share))));
  }

  // When which fault was in force, and what the requests of that time were like.
  void faults() {
    std::vector<const RunEvent*> bands;
    for (const RunEvent& event : record_.events)
      if (event.kind == EventKind::fault) bands.push_back(&event);
    if (bands.empty()) return;
    heading("Faults");
    constexpr std::size_t rows_max = 20;
    for (std::size_t i = 0; i < std::min(rows_max, bands.size()); ++i)
      line(fmt::format("  {:>8} to {:>8}  {:>7}  {}", format_duration(bands[i]->from),
                       format_duration(bands[i]->to),
                       format_duration(bands[i]->to - bands[i]->from), bands[i]->text));
    if (bands.size() > rows_max)
      line(style_.paint(Paint::faint, fmt::format("  … and {} more: brunt report {} --format json",
                                                  bands.size() - rows_max, record_.run.id)));
  }

  void errors() {
    if (figures_.errors.empty()) return;
    heading("Errors");
    std::size_t width = 0;
    for (const ErrorCause& one : figures_.errors)
      width = std::max(width, format_count(static_cast<double>(one.count)).size());
    constexpr std::size_t rows_max = 20;
    for (std::size_t i = 0; i < std::min(rows_max, figures_.errors.size()); ++i) {
      const ErrorCause& one = figures_.errors[i];
      line(fmt::format(
          "  {}  {}{}{}",
          style_.paint(Paint::bad, pad_left(format_count(static_cast<double>(one.count)), width)),
          one.words, one.code.empty() ? "" : style_.paint(Paint::faint, " [" + one.code + "]"),
          one.name.empty() ? "" : style_.paint(Paint::faint, "  " + one.name)));
    }
    if (figures_.errors.size() > rows_max)
      line(style_.paint(Paint::faint,
                        fmt::format("  … and {} more", figures_.errors.size() - rows_max)));
  }

  void metrics() {
    std::size_t width = 0;
    std::vector<const MetricLine*> shown;
    for (const MetricLine& one : figures_.metrics) {
      // What is not has lines of its own; a trend of zeros (no TLS) says nothing.
      if (!is_of_load(one.metric.name)) continue;
      if (one.metric.kind == MetricKind::trend && one.total.moments().max() == 0) continue;
      shown.push_back(&one);
      width = std::max(width, one.metric.name.size());
    }
    if (shown.empty()) return;
    heading("Metrics");
    for (const MetricLine* one : shown) {
      const std::string dots(width - one->metric.name.size() + 3, '.');
      line("  " + one->metric.name + style_.paint(Paint::faint, dots + ":") + " " + values(*one));
    }
  }

  std::string values(const MetricLine& one) const {
    const Sink& total = one.total;
    const auto show = [&](double value) { return format_value(one.metric.contains, value); };
    switch (one.metric.kind) {
      case MetricKind::counter: {
        const double seconds = figures_.window_seconds;
        return show(total.sum()) +
               (seconds > 0 ? "  " + style_.paint(Paint::faint, show_rate(one, seconds)) : "");
      }
      case MetricKind::gauge:
        return fmt::format("{}  min={} max={}", show(total.last()), show(total.moments().min()),
                           show(total.moments().max()));
      case MetricKind::rate:
        return fmt::format("{}  {} of {}", format_percent(total.share()),
                           format_count(static_cast<double>(total.hits())),
                           format_count(static_cast<double>(total.count())));
      case MetricKind::trend:
        break;
    }
    const Histogram& values = total.histogram();
    return fmt::format("avg={} min={} med={} max={} p(90)={} p(95)={}", show(values.mean()),
                       show(values.min()), show(values.quantile(0.5)), show(values.max()),
                       show(values.quantile(0.9)), show(values.quantile(0.95)));
  }

  static std::string show_rate(const MetricLine& one, double seconds) {
    const double rate = one.total.sum() / seconds;
    return one.metric.contains == Contains::data ? format_bytes(rate) + "/s" : format_rate(rate);
  }

  void services() {
    constexpr std::array<std::pair<std::string_view, std::size_t>, 8> columns = {{{"CPU", 6},
                                                                                  {"max", 6},
                                                                                  {"memory", 9},
                                                                                  {"files", 7},
                                                                                  {"threads", 8},
                                                                                  {"switches", 9},
                                                                                  {"read", 9},
                                                                                  {"written", 9}}};
    if (figures_.services.empty()) return;
    constexpr std::size_t names_max = 30;
    std::size_t names = 6;
    for (const ServiceFigures& one : figures_.services)
      names = std::clamp(display_width(one.name), names, names_max);
    line();
    std::string head;
    for (const auto& [column, width] : columns) head += " " + pad_left(column, width);
    line(style_.paint(Paint::strong, pad_right("Services", names + 2)) +
         style_.paint(Paint::faint, head));
    for (const ServiceFigures& one : figures_.services) {
      const double switches =
          one.switches_voluntary_each_second + one.switches_involuntary_each_second;
      const std::array<std::string, columns.size()> cells = {
          fmt::format("{:.2f}", one.cpu_cores_mean),
          fmt::format("{:.2f}", one.cpu_cores_max),
          format_bytes(one.rss_bytes_max),
          format_count(one.descriptors_max),
          format_count(one.threads_max),
          format_count(switches) + "/s",
          format_bytes(one.disk_read_bytes),
          format_bytes(one.disk_written_bytes)};
      std::string row = "  " + pad_right(shorten(one.name, names), names);
      for (std::size_t i = 0; i < cells.size(); ++i)
        row += " " + pad_left(cells[i], columns[i].second);
      line(row);
    }
    host();
  }

  void host() {
    const HostFigures& host = figures_.host;
    if (!host.is_known) return;
    std::string text = fmt::format("  the machine: CPU {:.2f} of {} cores (max {:.2f})",
                                   host.cpu_cores_mean, record_.run.cores, host.cpu_cores_max);
    std::string_view between = " · waited ";
    const auto add = [&](std::string_view what, const std::optional<double>& share) {
      if (!share) return;
      text += fmt::format("{}{:.0f}% for {}", between, *share * 100, what);
      between = ", ";
    };
    add("a core", host.pressure_cpu);
    add("memory", host.pressure_memory);
    add("storage", host.pressure_io);
    line(style_.paint(Paint::faint, text));
  }

  void generator() {
    const GeneratorFigures& health = figures_.generator;
    if (!health.is_known) return;
    heading("Generator");
    std::string text = fmt::format("  CPU {:.2f} of {} cores (max {:.2f}), busiest thread {}",
                                   health.cpu_cores_mean, record_.run.cores, health.cpu_cores_max,
                                   format_percent(health.busiest_thread_max));
    line(text);
    text = "  longest turn of a loop " + milliseconds(health.loop_lag_max_ms);
    if (health.slip)
      text += fmt::format(" · schedule slip p50 {}, p99 {}, max {}", milliseconds(health.slip->p50),
                          milliseconds(health.slip->p99), milliseconds(health.slip->max));
    if (health.own_delay_max_ms > 0)
      text += fmt::format(", its own doing at most {}", milliseconds(health.own_delay_max_ms));
    line(text);
    if (health.dropped > 0)
      line("  " + style_.paint(Paint::bad,
                               fmt::format("{} arrivals were dropped because the generator itself "
                                           "was out of time",
                                           format_count(static_cast<double>(health.dropped)))));
  }

  void processes() {
    const std::vector<ServiceInfo> all = services_of(record_);
    if (all.empty()) return;
    const auto last = all.front().log.rfind('/');
    heading("Processes",
            last == std::string::npos ? "" : "logs in " + all.front().log.substr(0, last));
    std::size_t names = 0;
    for (const ServiceInfo& one : all) names = std::max(names, display_width(one.name));
    for (const ServiceInfo& one : all)
      line(fmt::format("  {}  {}{}{}", pad_right(one.name, names), one.kind,
                       one.version.empty() ? "" : " " + one.version,
                       one.address.empty() ? "" : style_.paint(Paint::faint, "  " + one.address)));
  }

  void places() {
    if (options_.page.empty() && options_.ledger.empty() && options_.profiles.empty()) return;
    line();
    if (!options_.page.empty()) line("Report  " + style_.paint(Paint::accent, options_.page));
    for (const std::string& file : options_.profiles)
      line("Profile " + style_.paint(Paint::accent, file));
    if (!options_.ledger.empty())
      line("Ledger  " + options_.ledger +
           style_.paint(Paint::faint, "  (brunt report " + record_.run.id + ")"));
  }

  const RunRecord& record_;
  const TextReportOptions& options_;
  const Style& style_;
  Figures figures_;
  std::string out_;
  std::string origin_;  // Of all requests, which their rows leave out; empty: rows have it.
};

}  // namespace

std::string text_report(const RunRecord& record, const TextReportOptions& options) {
  return TextReport(record, options).build();
}

}  // namespace brunt
