#include "report/k6_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "report/k6_groups.h"
#include "report/k6_text_values.h"

namespace brunt {
namespace {

// A script's own metrics, and those that k6 has too.
bool is_shown(const K6Metric& metric) {
  const auto known = builtin_metrics();
  const auto found = std::ranges::find(known, metric.info.name, &MetricInfo::name);
  if (found == known.end()) return metric.info.name != "step_errors";
  return found - known.begin() <= static_cast<std::ptrdiff_t>(MetricId::data_received);
}

bool is_any_of(std::string_view name, std::initializer_list<std::string_view> beginnings) {
  return std::ranges::any_of(beginnings,
                             [&](std::string_view one) { return name.starts_with(one); });
}

bool is_left_out(std::string_view name, K6TextMode mode) {
  if (is_any_of(name, {"checks", "group_duration"})) return true;
  return mode == K6TextMode::compact &&
         is_any_of(name, {"http_req_blocked", "http_req_connecting", "http_req_receiving",
                          "http_req_sending", "http_req_tls_handshaking", "http_req_waiting"});
}

// In the order in which they are shown; the first is what is none of the others.
constexpr std::array<std::string_view, 6> kinds = {"CUSTOM",  "HTTP", "EXECUTION",
                                                   "NETWORK", "GRPC", "WEBSOCKET"};
std::string_view kind_of(std::string_view name) {
  if (is_any_of(name, {"http_req"})) return "HTTP";
  if (is_any_of(name, {"vus", "iterations", "iteration_duration", "dropped_iterations"}))
    return "EXECUTION";
  if (is_any_of(name, {"data_sent", "data_received"})) return "NETWORK";
  if (is_any_of(name, {"grpc_"})) return "GRPC";
  if (is_any_of(name, {"ws_"})) return "WEBSOCKET";
  return "CUSTOM";
}

// "http_reqs{name:/cart}" as "  { name:/cart }" below http_reqs.
std::string shown_name(const std::string& name) {
  const auto brace = name.find('{');
  if (brace == std::string::npos) return name;
  return "  { " + name.substr(brace + 1, name.size() - brace - 2) + " }";
}

std::string_view parent_of(std::string_view name) {
  return name.substr(0, name.find('{'));
}

void sort_by_name(std::vector<K6Metric>& metrics) {
  std::ranges::sort(metrics, [](const K6Metric& a, const K6Metric& b) {
    const auto parent_a = parent_of(a.name), parent_b = parent_of(b.name);
    return parent_a != parent_b ? parent_a < parent_b : a.name < b.name;
  });
}

struct CheckRow {
  std::string name;
  std::uint64_t passes = 0, fails = 0;
};

// In the order of the script's code. Without a group: of all groups together, by name.
std::vector<CheckRow> checks_of(const RunRecord& record, const TagSet& tags) {
  std::vector<CheckRow> checks;
  std::vector<TagSet> seen;
  for (const SeriesInfo& series : record.series) {
    if (series.metric.name != "checks" || !matches(series.tags, tags)) continue;
    TagSet wanted = tags;
    wanted.push_back({"check", std::string(tag_value(series.tags, "check"))});
    wanted = make_tag_set(std::move(wanted));
    if (std::ranges::find(seen, wanted) != seen.end()) continue;
    seen.push_back(wanted);
    const auto total = record.merged({"checks", wanted}, record.all());
    if (!total) continue;
    checks.push_back({.name = std::string(tag_value(series.tags, "check")),
                      .passes = total->hits(),
                      .fails = total->count() - total->hits()});
  }
  return checks;
}

class K6Writer {
 public:
  K6Writer(const RunRecord& record, const K6TextOptions& options)
      : record_(record),
        options_(options),
        seconds_(std::max(seconds_of(record.duration()), 1e-9)) {}

  std::string sections() {
    thresholds();
    title(2, "█", "TOTAL RESULTS");
    scope(2, {});
    line("");
    if (options_.mode == K6TextMode::full) parts();
    return "\n" + std::move(text_) + "\n";
  }

  std::string legacy() {
    legacy_group(5, k6_groups(k6_group_paths(record_), record_.checks));
    std::vector<K6Metric> metrics = k6_metrics(record_);
    std::erase_if(metrics, [](const K6Metric& metric) { return !is_shown(metric); });
    sort_by_name(metrics);
    const Columns columns = columns_of(metrics);
    for (const K6Metric& metric : metrics) {
      std::string mark = " ";
      if (!metric.thresholds.empty())
        mark = mark_of(std::ranges::all_of(metric.thresholds, &ThresholdResult::passed));
      line("   " + mark + " " + row(metric, columns));
    }
    return std::move(text_) + "\n";
  }

 private:
  // How wide the names and figures of several metrics are, so that they stand below each other.
  struct Columns {
    std::size_t name = 0, value = 0;
    std::vector<std::size_t> extras, trends;
  };

  void parts() {
    groups(2, k6_groups(k6_group_paths(record_, {{"scenario", "default"}}), {}),
           {{"scenario", "default"}});
    std::vector<std::string> names;
    for (const ScenarioInfo& scenario : record_.scenarios)
      if (scenario.name != "default") names.push_back(scenario.name);
    std::ranges::sort(names);
    for (const std::string& name : names) {
      const TagSet tags = {{"scenario", name}};
      title(2, "█", "SCENARIO: " + name);
      scope(2, tags);
      groups(4, k6_groups(k6_group_paths(record_, tags), {}), tags);
      line("");
    }
  }

  void line(const std::string& text) { text_.append(text).append("\n"); }
  void title(std::size_t indent, std::string_view sign, const std::string& text) {
    line(std::string(indent, ' ') + std::string(sign) + " " + bold(text) + " \n");
  }
  std::string bold(std::string_view text) const {
    return options_.style.paint(Paint::strong, text);
  }
  std::string figure(std::string_view text) const {
    return options_.style.paint(Paint::accent, text);
  }
  std::string mark_of(bool is_good) const {
    return options_.style.paint(is_good ? Paint::good : Paint::bad, is_good ? "✓" : "✗");
  }

  Columns columns_of(const std::vector<K6Metric>& metrics) const {
    Columns columns;
    const auto widen = [](std::vector<std::size_t>& widths, std::size_t at, std::string_view text) {
      widths.resize(std::max(widths.size(), at + 1));
      widths[at] = std::max(widths[at], display_width(text));
    };
    for (const K6Metric& metric : metrics) {
      columns.name = std::max(columns.name, display_width(shown_name(metric.name)));
      if (metric.info.kind == MetricKind::trend) {
        for (std::size_t i = 0; i < options_.trend_stats.size(); ++i)
          widen(columns.trends, i, trend_value(metric, options_.trend_stats[i]));
        continue;
      }
      const auto values = k6_values(metric, seconds_, options_.time_unit);
      columns.value = std::max(columns.value, display_width(values[0]));
      for (std::size_t i = 1; i < values.size(); ++i) widen(columns.extras, i - 1, values[i]);
    }
    return columns;
  }

  std::string trend_value(const K6Metric& metric, std::string_view statistic) const {
    return k6_trend_value(metric, statistic, options_.time_unit);
  }

  std::string row(const K6Metric& metric, const Columns& columns) const {
    const std::string name = shown_name(metric.name);
    std::string text = name;
    text += options_.style.paint(Paint::faint,
                                 std::string(columns.name - display_width(name) + 3, '.') + ":");
    if (metric.info.kind == MetricKind::trend) {
      for (std::size_t i = 0; i < options_.trend_stats.size(); ++i) {
        const std::string value = trend_value(metric, options_.trend_stats[i]);
        text += " " + options_.trend_stats[i] + "=" + figure(value) +
                std::string(columns.trends[i] - display_width(value), ' ');
      }
      return text;
    }
    const auto values = k6_values(metric, seconds_, options_.time_unit);
    text += " " + figure(values[0]) + std::string(columns.value - display_width(values[0]), ' ');
    for (std::size_t i = 1; i < values.size(); ++i) {
      text += " " + figure(values[i]);
      if (values.size() > 2)
        text += std::string(columns.extras[i - 1] - display_width(values[i]), ' ');
    }
    return text;
  }

  void rows(std::size_t indent, const std::vector<K6Metric>& metrics, const Columns& columns) {
    for (const K6Metric& metric : metrics) line(std::string(indent, ' ') + row(metric, columns));
  }

  void thresholds() {
    std::vector<K6Metric> metrics = k6_metrics(record_);
    std::erase_if(metrics, [](const K6Metric& metric) { return metric.thresholds.empty(); });
    if (metrics.empty()) return;
    sort_by_name(metrics);
    title(2, "█", "THRESHOLDS");
    for (const K6Metric& metric : metrics) {
      const std::string_view parent = parent_of(metric.name);
      const bool is_below = parent.size() < metric.name.size() &&
                            std::ranges::find(metrics, parent, &K6Metric::name) != metrics.end();
      const std::string indent(is_below ? 6 : 4, ' ');
      line(indent + (is_below ? metric.name.substr(parent.size()) : metric.name));
      for (const ThresholdResult* threshold : metric.thresholds)
        line(indent + mark_of(threshold->passed) + " '" + threshold->expression + "' " +
             measured(metric, *threshold));
      line("");
    }
    line("");
  }

  // "p(95)=3.1ms", of "p(95)<250": what was judged, which in a window is not the whole run's.
  std::string measured(const K6Metric& metric, const ThresholdResult& threshold) const {
    const std::string_view expression = threshold.expression;
    std::string_view statistic = expression.substr(0, expression.find_first_of("=<>!"));
    while (statistic.ends_with(' ')) statistic.remove_suffix(1);
    std::string value;
    if (metric.info.kind == MetricKind::trend && statistic != "count" && threshold.measured) {
      value = k6_value(*threshold.measured, metric.info, options_.time_unit);
    } else if (metric.info.kind == MetricKind::trend) {
      value = trend_value(metric, statistic);
    } else {
      const auto values = k6_values(metric, seconds_, options_.time_unit);
      const bool is_rate = metric.info.kind == MetricKind::counter && statistic != "count";
      value = values[is_rate ? 1 : 0];
    }
    return std::string(statistic) + "=" + figure(value);
  }

  // Checks and metrics of all, or of what has these tags.
  void scope(std::size_t indent, const TagSet& tags) {
    std::vector<K6Metric> metrics = k6_metrics(record_, tags);
    std::erase_if(metrics, [](const K6Metric& metric) { return !is_shown(metric); });
    sort_by_name(metrics);
    const auto checks = std::ranges::find(metrics, "checks", &K6Metric::name);
    if (checks != metrics.end()) check_lines(indent + 2, *checks, checks_of(record_, tags));
    std::erase_if(metrics,
                  [&](const K6Metric& one) { return is_left_out(one.name, options_.mode); });
    const Columns columns = columns_of(metrics);
    for (const std::string_view kind : kinds) {
      std::vector<K6Metric> of_kind;
      std::ranges::copy_if(metrics, std::back_inserter(of_kind),
                           [&](const K6Metric& one) { return kind_of(one.name) == kind; });
      if (of_kind.empty()) continue;
      line(std::string(indent + 2, ' ') + bold(kind));
      rows(indent + 2, of_kind, columns);
      line("");
    }
  }

  void check_lines(std::size_t indent, const K6Metric& checks, const std::vector<CheckRow>& each) {
    const std::uint64_t all = checks.total.count(), passed = checks.total.hits();
    K6Metric total{
        .name = "checks_total", .info = {}, .total = Sink(MetricKind::counter), .thresholds = {}};
    total.total.add(static_cast<double>(all));
    K6Metric succeeded = checks, failed = checks;
    succeeded.name = "checks_succeeded";
    failed.name = "checks_failed";
    failed.total = Sink::restore(MetricKind::rate,
                                 {.count = all, .sum = static_cast<double>(all - passed)}, 0);
    const std::vector<K6Metric> metrics = {std::move(total), std::move(succeeded),
                                           std::move(failed)};
    rows(indent, metrics, columns_of(metrics));
    line("");
    for (const CheckRow& check : each) check_line(indent, check, indent * 2 - 2);
    line("");
  }

  void check_line(std::size_t indent, const CheckRow& check, std::size_t detail_indent) {
    const std::string space(indent, ' ');
    if (check.fails == 0) {
      line(space + options_.style.paint(Paint::good, "✓ " + check.name));
      return;
    }
    line(space + options_.style.paint(Paint::bad, "✗ " + check.name));
    line(std::string(detail_indent, ' ') +
         options_.style.paint(
             Paint::bad,
             fmt::format("↳  {}% — ✓ {} / ✗ {}", 100 * check.passes / (check.passes + check.fails),
                         check.passes, check.fails)));
  }

  // setup() and teardown() are groups to nobody.
  void groups(std::size_t indent, const K6Group& outer, const TagSet& tags) {
    for (const K6Group& group : outer.groups) {
      if (group.path == "::setup" || group.path == "::teardown") continue;
      TagSet own = tags;
      own.push_back({"group", group.path});
      title(indent, indent == 2 ? "█" : "↳", "GROUP: " + group.name);
      scope(indent, make_tag_set(std::move(own)));
      groups(indent + 2, group, tags);
      if (indent == 2) line("");
    }
  }

  void legacy_group(std::size_t indent, const K6Group& group) {
    if (!group.name.empty()) {
      line(std::string(indent, ' ') + "█ " + group.name + "\n");
      indent += 2;
    }
    for (const CheckResult& check : group.checks)
      check_line(indent, {check.name, check.passes, check.fails}, indent + 1);
    if (!group.checks.empty()) line("");
    for (const K6Group& inner : group.groups) legacy_group(indent, inner);
  }

  const RunRecord& record_;
  const K6TextOptions& options_;
  double seconds_;
  std::string text_ = "\n";
};

}  // namespace

std::optional<K6TextMode> parse_k6_text_mode(std::string_view text) {
  if (text == "compact") return K6TextMode::compact;
  if (text == "full") return K6TextMode::full;
  if (text == "legacy") return K6TextMode::legacy;
  return std::nullopt;
}

std::string k6_text(const RunRecord& record, const K6TextOptions& options) {
  K6Writer writer(record, options);
  return options.mode == K6TextMode::legacy ? writer.legacy() : writer.sections();
}

}  // namespace brunt
