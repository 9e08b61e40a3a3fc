#include "report/k6_summary.h"

#include <algorithm>

#include "metrics/threshold.h"
#include "report/k6_groups.h"
#include "report/k6_metrics.h"

namespace brunt {
namespace {

double run_seconds(const RunRecord& record) {
  return std::max(seconds_of(record.duration()), 1e-9);
}

Json counter_values(const Sink& total, double seconds) {
  return Json::Object{{"count", total.sum()}, {"rate", total.sum() / seconds}};
}

Json gauge_values(const Sink& total) {
  return Json::Object{
      {"value", total.last()}, {"min", total.moments().min()}, {"max", total.moments().max()}};
}

Json trend_values(const Sink& total, const std::vector<std::string>& statistics) {
  Json values = Json::Object{};
  for (const std::string& name : statistics)
    if (const auto statistic = parse_statistic(name, MetricKind::trend))
      values.set(name, measure(*statistic, total, {}).value_or(0));
  return values;
}

Json values_of(const Sink& total, double seconds, const std::vector<std::string>& statistics) {
  switch (total.kind()) {
    case MetricKind::counter:
      return counter_values(total, seconds);
    case MetricKind::gauge:
      return gauge_values(total);
    case MetricKind::rate:
      return Json::Object{{"rate", total.share()},
                          {"passes", total.hits()},
                          {"fails", total.count() - total.hits()}};
    case MetricKind::trend:
      break;
  }
  return trend_values(total, statistics);
}

// Groups and checks as lists, or by their names.
Json json_of(const K6Group& group, bool by_name) {
  Json groups = by_name ? Json(Json::Object{}) : Json(Json::Array{});
  Json checks = groups;
  const auto add = [by_name](Json& to, const std::string& name, Json one) {
    if (by_name) {
      to.set(name, std::move(one));
    } else {
      to.push(std::move(one));
    }
  };
  for (const K6Group& inner : group.groups) add(groups, inner.name, json_of(inner, by_name));
  for (const CheckResult& check : group.checks)
    add(checks, check.name, k6_check_json(group, check));
  return Json::Object{{"name", group.name},
                      {"path", group.path},
                      {"id", group.id()},
                      {"groups", std::move(groups)},
                      {"checks", std::move(checks)}};
}

K6Group groups_of(const RunRecord& record) {
  return k6_groups(k6_group_paths(record), record.checks);
}

// p(99.9) as p99.9.
std::string machine_name(std::string name) {
  std::erase_if(name, [](char c) { return c == '(' || c == ')'; });
  return name;
}

Json machine_values(const Sink& total, const std::vector<std::string>& statistics) {
  switch (total.kind()) {
    case MetricKind::counter:
      return Json::Object{{"count", total.sum()}};
    case MetricKind::gauge:
      return Json::Object{
          {"max", total.moments().max()}, {"min", total.moments().min()}, {"value", total.last()}};
    case MetricKind::rate:
      return Json::Object{
          {"matches", total.hits()}, {"rate", total.share()}, {"total", total.count()}};
    case MetricKind::trend:
      break;
  }
  const Json named = trend_values(total, statistics);
  Json values = Json::Object{};
  for (const auto& [name, value] : named.object()) values.set(machine_name(name), value);
  return values;
}

Json machine_metric(const K6Metric& metric, Json values) {
  return Json::Object{{"name", metric.name},
                      {"type", name_of(metric.info.kind)},
                      {"contains", name_of(metric.info.contains)},
                      {"values", std::move(values)}};
}

}  // namespace

Json k6_sample(const Sink& total, Duration elapsed) {
  if (total.kind() == MetricKind::gauge) return Json::Object{{"value", total.last()}};
  if (total.kind() == MetricKind::rate) return Json::Object{{"rate", total.share()}};
  return values_of(total, std::max(seconds_of(elapsed), 1e-9), K6SummaryOptions{}.trend_stats);
}

Json k6_summary_data(const RunRecord& record, const K6SummaryOptions& options) {
  Json metrics = Json::Object{};
  for (const K6Metric& metric : k6_metrics(record)) {
    Json one =
        Json::Object{{"type", name_of(metric.info.kind)},
                     {"contains", name_of(metric.info.contains)},
                     {"values", values_of(metric.total, run_seconds(record), options.trend_stats)}};
    if (!metric.thresholds.empty()) {
      Json thresholds = Json::Object{};
      for (const ThresholdResult* threshold : metric.thresholds)
        thresholds.set(threshold->expression, Json::Object{{"ok", threshold->passed}});
      one.set("thresholds", std::move(thresholds));
    }
    metrics.set(metric.name, std::move(one));
  }
  Json statistics = Json::Array{};
  for (const std::string& name : options.trend_stats) statistics.push(name);
  Json data =
      Json::Object{{"root_group", json_of(groups_of(record), false)},
                   {"options", Json::Object{{"summaryTrendStats", std::move(statistics)},
                                            {"summaryTimeUnit", options.time_unit},
                                            {"noColor", options.no_colour}}},
                   {"state", Json::Object{{"isStdOutTTY", options.stdout_is_terminal},
                                          {"isStdErrTTY", options.stderr_is_terminal},
                                          {"testRunDurationMs", time_value(record.duration())}}},
                   {"metrics", std::move(metrics)}};
  if (auto setup = Json::parse(options.setup_data)) data.set("setup_data", std::move(*setup));
  return data;
}

Json k6_summary_export(const RunRecord& record, const K6SummaryOptions& options) {
  Json metrics = Json::Object{};
  for (const K6Metric& metric : k6_metrics(record)) {
    Json one = values_of(metric.total, run_seconds(record), options.trend_stats);
    // This older form calls a rate's share its value.
    if (metric.info.kind == MetricKind::rate)
      one = Json::Object{{"passes", metric.total.hits()},
                         {"fails", metric.total.count() - metric.total.hits()},
                         {"value", metric.total.share()}};
    if (!metric.thresholds.empty()) {
      Json thresholds = Json::Object{};
      for (const ThresholdResult* threshold : metric.thresholds)
        thresholds.set(threshold->expression, !threshold->passed);
      one.set("thresholds", std::move(thresholds));
    }
    metrics.set(metric.name, std::move(one));
  }
  Json data = Json::Object{{"root_group", json_of(groups_of(record), true)},
                           {"metrics", std::move(metrics)}};
  if (auto setup = Json::parse(options.setup_data)) data.set("setup_data", std::move(*setup));
  return data;
}

Json k6_machine_summary(const RunRecord& record, const K6SummaryOptions& options) {
  Json metrics = Json::Array{}, counts = Json::Array{}, results = Json::Array{};
  for (const K6Metric& metric : k6_metrics(record)) {
    if (metric.info.name != "checks") {
      metrics.push(machine_metric(metric, machine_values(metric.total, options.trend_stats)));
      continue;
    }
    if (metric.name != "checks") continue;
    const auto add = [&](std::string name, MetricKind kind, Json values) {
      K6Metric one{.name = std::move(name), .info = {}, .total = Sink(kind), .thresholds = {}};
      one.info.kind = kind;
      counts.push(machine_metric(one, std::move(values)));
    };
    const std::uint64_t total = metric.total.count(), passed = metric.total.hits();
    const double share = metric.total.share();
    add("checks_total", MetricKind::counter, Json::Object{{"count", total}});
    add("checks_failed", MetricKind::rate,
        Json::Object{{"matches", total - passed}, {"rate", 1 - share}, {"total", total}});
    add("checks_succeeded", MetricKind::rate,
        Json::Object{{"matches", passed}, {"rate", share}, {"total", total}});
  }
  for (const CheckResult& check : record.checks)
    results.push(
        Json::Object{{"name", check.name}, {"passes", check.passes}, {"fails", check.fails}});
  return Json::Object{
      {"version", "1.0.0"},
      {"config", Json::Object{{"script", record.run.plan_name},
                              {"execution", "local"},
                              {"duration", run_seconds(record)}}},
      {"metadata", Json::Object{{"k6_version", "brunt " + record.run.brunt_version},
                                {"generated_at", format_wall_time(record.run.ended)}}},
      {"results", Json::Object{{"checks", Json::Object{{"metrics", std::move(counts)},
                                                       {"results", std::move(results)}}},
                               {"metrics", std::move(metrics)}}}};
}

}  // namespace brunt
