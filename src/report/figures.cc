#include "report/figures.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/url.h"

namespace brunt {
namespace {

constexpr std::string_view duration_suffix = "_req_duration";

// http_req_duration -> http
std::vector<std::string> protocols_of(const RunRecord& record) {
  std::vector<std::string> protocols;
  for (const std::string& metric : record.metrics())
    if (metric.ends_with(duration_suffix))
      protocols.push_back(metric.substr(0, metric.size() - duration_suffix.size()));
  return protocols;
}

double sum_of(const RunRecord& record, const Selector& selector, SecondWindow window) {
  const auto sink = record.merged(selector, window);
  return sink ? sink->sum() : 0;
}

std::uint64_t count_of(const RunRecord& record, const Selector& selector, SecondWindow window) {
  return static_cast<std::uint64_t>(sum_of(record, selector, window));
}

// How long the window lasted: its last second may have been cut short by the end of the run.
double length_of(const RunRecord& record, SecondWindow window) {
  const double until = std::min(seconds_of(record.duration()), static_cast<double>(window.to));
  const double length = until - window.from;
  return length > 0 ? length : window.length();
}

// All series of a metric with one of the names, and with these tags; of all requests where there
// are no names.
std::optional<Sink> merged(const RunRecord& record, const std::string& metric,
                           const std::vector<std::string>& names, SecondWindow window,
                           const TagSet& tags = {}) {
  if (names.empty()) return record.merged({metric, tags}, window);
  std::optional<Sink> whole;
  for (const std::string& name : names) {
    TagSet all = tags;
    all.push_back({"name", name});
    auto part = record.merged({metric, make_tag_set(std::move(all))}, window);
    if (!part) continue;
    if (whole)
      whole->merge(*part);
    else
      whole = std::move(part);
  }
  return whole;
}

// k6 tells only by the tag `status` of its one metric which calls of gRPC failed.
std::optional<RequestFigures> request_of(const RunRecord& record, const std::string& protocol,
                                         const std::vector<std::string>& names, const Figures& of) {
  const std::string metric = protocol + std::string(duration_suffix);
  const auto durations = merged(record, metric, names, of.window);
  if (!durations || durations->kind() != MetricKind::trend) return std::nullopt;
  RequestFigures figures;
  figures.metric = metric;
  figures.latency = latency_of(durations->histogram());
  if (of.window_seconds > 0)
    figures.each_second = static_cast<double>(figures.latency.count) / of.window_seconds;
  if (protocol == "grpc") {
    const auto fine = merged(record, metric, names, of.window, {{"status", "0"}});
    figures.failed = figures.latency.count - (fine ? fine->count() : 0);
    if (figures.latency.count > 0)
      figures.failed_share =
          static_cast<double>(figures.failed) / static_cast<double>(figures.latency.count);
  }
  if (const auto failed = merged(record, protocol + "_req_failed", names, of.window)) {
    figures.failed = failed->hits();
    figures.failed_share = failed->share();
  }
  return figures;
}

// The row that a name's requests stand in. Of many URLs of one shape the run counted the first by
// themselves and the others by the shape: they are one row.
std::string row_of(const std::string& name, const std::vector<std::string>& names) {
  std::string shape = url_shape(name);
  return std::ranges::binary_search(names, shape) ? shape : name;
}

void add_requests(const RunRecord& record, Figures& figures) {
  for (const std::string& protocol : protocols_of(record)) {
    const std::vector<std::string> names =
        record.tag_values(protocol + std::string(duration_suffix), "name");
    std::map<std::string, std::vector<std::string>> rows;
    for (const std::string& name : names) rows[row_of(name, names)].push_back(name);
    for (const auto& [name, members] : rows) {
      auto one = request_of(record, protocol, members, figures);
      if (!one) continue;
      one->name = name;
      figures.requests.push_back(std::move(*one));
    }
    auto whole = request_of(record, protocol, {}, figures);
    if (!whole) continue;
    whole->name = "all requests";
    // Several protocols in one run: the busiest stands for the whole, the table has them all.
    if (!figures.whole || figures.whole->latency.count < whole->latency.count)
      figures.whole = std::move(whole);
  }
  std::ranges::stable_sort(figures.requests, std::ranges::greater{},
                           [](const RequestFigures& one) { return one.latency.count; });
}

void add_arrivals(const RunRecord& record, Figures& figures) {
  const auto response = record.merged({"response_time", {}}, figures.window);
  if (!response || response->kind() != MetricKind::trend) return;
  ArrivalFigures arrivals;
  arrivals.response = latency_of(response->histogram());
  // Of the same scenarios: in a run of both models the closed ones' requests are another matter.
  Sink service(MetricKind::trend);
  for (const std::string& scenario : record.tag_values("response_time", "scenario"))
    for (const std::string& protocol : protocols_of(record))
      if (const auto part = record.merged(
              {protocol + std::string(duration_suffix), {{"scenario", scenario}}}, figures.window);
          part && part->kind() == MetricKind::trend)
        service.merge(*part);
  if (!service.empty()) arrivals.service = latency_of(service.histogram());
  if (service.empty() && figures.whole) arrivals.service = figures.whole->latency;
  std::uint64_t ran = 0;
  for (const ScenarioInfo& scenario : record.scenarios) {
    if (!scenario.open_model) continue;
    ran += scenario.iterations_completed + scenario.iterations_interrupted;
    arrivals.dropped += scenario.iterations_dropped;
  }
  if (ran == 0) {  // A run that was interrupted has no scenario figures: its series do.
    ran = count_of(record, {"iterations", {}}, record.all());
    arrivals.dropped = count_of(record, {"dropped_iterations", {}}, record.all());
  }
  arrivals.planned = ran + arrivals.dropped;
  if (arrivals.planned > 0)
    arrivals.dropped_share =
        static_cast<double>(arrivals.dropped) / static_cast<double>(arrivals.planned);
  figures.arrivals = arrivals;
}

// Of a series that counts requests; nullopt: those were as expected.
std::optional<ErrorCause> cause_of(const TagSet& tags) {
  const std::string_view code = tag_value(tags, "error_code");
  const std::string_view message = tag_value(tags, "error");
  const std::string_view expected = tag_value(tags, "expected_response");
  if (expected == "true" || (code.empty() && message.empty() && expected.empty()))
    return std::nullopt;
  return ErrorCause{.words = error_words(code, message, tag_value(tags, "status")),
                    .code = std::string(code),
                    .name = std::string(tag_value(tags, "name")),
                    .count = 0};
}

std::optional<ErrorCause> grpc_cause_of(const TagSet& tags) {
  const std::string_view status = tag_value(tags, "status");
  if (status == "0") return std::nullopt;
  return ErrorCause{.words = grpc_status_words(status),
                    .code = {},
                    .name = std::string(tag_value(tags, "name")),
                    .count = 0};
}

void add_errors(const RunRecord& record, Figures& figures) {
  std::map<std::pair<std::string, std::string>, ErrorCause> causes;  // By words and name.
  for (const std::string& protocol : protocols_of(record)) {
    const std::vector<std::string> names =
        record.tag_values(protocol + std::string(duration_suffix), "name");
    const bool is_grpc = protocol == "grpc";
    std::vector<std::optional<ErrorCause>> series(record.series.size());
    const std::string counting = protocol + (is_grpc ? std::string(duration_suffix) : "_reqs");
    for (const std::uint32_t index : record.matching({counting, {}})) {
      const TagSet& tags = record.series[index].tags;
      series[index] = is_grpc ? grpc_cause_of(tags) : cause_of(tags);
      if (series[index]) series[index]->name = row_of(series[index]->name, names);
    }
    for (const RecordRow& row : record.rows) {
      if (!series[row.series] || !figures.window.holds(row.second)) continue;
      const ErrorCause& cause = *series[row.series];
      ErrorCause& place = causes[{cause.words, cause.name}];
      const std::uint64_t so_far = place.count;
      place = cause;
      place.count = so_far + (is_grpc ? row.count : static_cast<std::uint64_t>(row.sum));
    }
  }
  for (auto& [key, cause] : causes)
    if (cause.count > 0) figures.errors.push_back(std::move(cause));
  std::ranges::stable_sort(figures.errors, std::ranges::greater{}, &ErrorCause::count);
}

void add_generator(const RunRecord& record, Figures& figures) {
  GeneratorFigures& health = figures.generator;
  std::map<std::uint32_t, double> cores;  // By second: all threads and origins.
  std::vector<bool> is_cpu(record.series.size(), false);
  for (const std::uint32_t index : record.matching({"generator_cpu", {}})) is_cpu[index] = true;
  for (const RecordRow& row : record.rows) {
    if (!is_cpu[row.series]) continue;
    cores[row.second] += row.last;
    health.busiest_thread_max = std::max(health.busiest_thread_max, row.max);
  }
  for (const auto& [second, used] : cores) {
    health.cpu_cores_mean += used / static_cast<double>(cores.size());
    health.cpu_cores_max = std::max(health.cpu_cores_max, used);
  }
  if (const auto slip = record.merged({"generator_schedule_slip", {}}, record.all());
      slip && slip->kind() == MetricKind::trend)
    health.slip = latency_of(slip->histogram());
  if (const auto delay = record.merged({"generator_delay", {}}, record.all()))
    health.own_delay_max_ms = delay->moments().max();
  if (const auto lag = record.merged({"generator_loop_lag", {}}, record.all()))
    health.loop_lag_max_ms = lag->moments().max();
  health.dropped = count_of(record, {"generator_dropped", {}}, record.all());
  health.is_known = !cores.empty() || health.slip.has_value();
}

}  // namespace

bool is_of_load(std::string_view metric) {
  return !metric.starts_with("generator_") && !metric.starts_with("service_") &&
         !metric.starts_with("host_");
}

Latency latency_of(const Histogram& histogram) {
  Latency latency;
  latency.count = histogram.count();
  latency.average = histogram.mean();
  latency.min = histogram.min();
  latency.p50 = histogram.quantile(0.5);
  latency.p90 = histogram.quantile(0.9);
  latency.p95 = histogram.quantile(0.95);
  latency.p99 = histogram.quantile(0.99);
  latency.p999 = histogram.quantile(0.999);
  latency.max = histogram.max();
  return latency;
}

Figures figures_of(const RunRecord& record) {
  Figures figures;
  figures.window = record.after_warm_up();
  figures.window_seconds = length_of(record, figures.window);
  add_requests(record, figures);
  add_intervals(record, figures);
  add_arrivals(record, figures);
  add_errors(record, figures);
  add_generator(record, figures);
  add_services(record, figures);
  for (const std::string& name : record.metrics())
    if (auto total = record.merged({name, {}}, figures.window))
      figures.metrics.push_back({.metric = *record.find_metric(name), .total = std::move(*total)});
  const SecondWindow window = figures.window;
  figures.iterations = count_of(record, {"iterations", {}}, window);
  figures.interrupted = count_of(record, {"iterations_interrupted", {}}, window);
  figures.dropped = count_of(record, {"dropped_iterations", {}}, window);
  figures.data_sent = sum_of(record, {"data_sent", {}}, window);
  figures.data_received = sum_of(record, {"data_received", {}}, window);
  for (const CheckResult& check : record.checks) {
    figures.checks_passed += check.passes;
    figures.checks_failed += check.fails;
  }
  return figures;
}

}  // namespace brunt
