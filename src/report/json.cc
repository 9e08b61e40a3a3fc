#include "report/json.h"

#include <utility>

#include "record/services.h"
#include "report/figures.h"

namespace brunt {
namespace {

double milliseconds(Duration duration) {
  return time_value(duration);
}

Json json_of(const RunInfo& run, Duration duration) {
  Json arguments = Json::Array{};
  for (const std::string& one : run.arguments) arguments.push(one);
  return Json::Object{
      {"id", run.id},
      {"plan", run.plan_name},
      {"arguments", std::move(arguments)},
      {"status", name_of(run.status)},
      {"outcome", name_of(outcome_of(run))},
      {"exit_code", run.exit_code},
      {"verdict", run.verdict},
      {"started", format_wall_time(run.started)},
      {"ended", run.ended.unix_ns == 0 ? Json() : Json(format_wall_time(run.ended))},
      {"duration_ms", milliseconds(duration)},
      {"warm_up_ms", milliseconds(run.warm_up)},
      {"time_scale", run.time_scale},
      {"seed", std::to_string(run.seed)},  // Beyond 2^53 a reader's number would be another.
      {"environment", Json::Object{{"host", run.host},
                                   {"kernel", run.kernel},
                                   {"cores", std::int64_t{run.cores}},
                                   {"backend", run.backend},
                                   {"brunt", run.brunt_version}}}};
}

Json json_of(const std::optional<FigureInterval>& interval) {
  if (!interval) return {};
  return Json::Array{Json(interval->low), Json(interval->high)};
}

Json json_of(const Latency& latency) {
  return Json::Object{{"count", latency.count}, {"avg", latency.average}, {"min", latency.min},
                      {"p50", latency.p50},     {"p90", latency.p90},     {"p95", latency.p95},
                      {"p99", latency.p99},     {"p99_9", latency.p999},  {"max", latency.max}};
}

Json json_of(const RequestFigures& request) {
  Json json = Json::Object{{"name", request.name},
                           {"metric", request.metric},
                           {"rate", request.each_second},
                           {"failed", request.failed},
                           {"failed_share", request.failed_share},
                           {"latency_ms", json_of(request.latency)}};
  if (request.latency.p50_interval)
    json.set("interval_95_ms", Json::Object{{"p50", json_of(request.latency.p50_interval)},
                                            {"p90", json_of(request.latency.p90_interval)},
                                            {"p95", json_of(request.latency.p95_interval)},
                                            {"p99", json_of(request.latency.p99_interval)}});
  return json;
}

Json json_of(const ArrivalFigures& arrivals) {
  return Json::Object{{"planned", arrivals.planned},
                      {"dropped", arrivals.dropped},
                      {"dropped_share", arrivals.dropped_share},
                      {"censored", arrivals.is_censored()},
                      {"response_ms", json_of(arrivals.response)},
                      {"service_ms", json_of(arrivals.service)}};
}

Json json_of(const MetricLine& line) {
  const Sink& total = line.total;
  Json values = Json::Object{};
  switch (line.metric.kind) {
    case MetricKind::counter:
      values.set("sum", total.sum());
      break;
    case MetricKind::gauge:
      values.set("last", total.last());
      values.set("min", total.moments().min());
      values.set("max", total.moments().max());
      break;
    case MetricKind::rate:
      values.set("share", total.share());
      values.set("hits", total.hits());
      break;
    case MetricKind::trend: {
      values = json_of(latency_of(total.histogram()));
      break;
    }
  }
  values.set("count", total.count());
  return Json::Object{{"name", line.metric.name},
                      {"kind", name_of(line.metric.kind)},
                      {"contains", name_of(line.metric.contains)},
                      {"values", std::move(values)}};
}

Json json_of(const GeneratorFigures& health) {
  if (!health.is_known) return {};
  return Json::Object{{"cpu_cores_mean", health.cpu_cores_mean},
                      {"cpu_cores_max", health.cpu_cores_max},
                      {"busiest_thread_max", health.busiest_thread_max},
                      {"loop_lag_max_ms", health.loop_lag_max_ms},
                      {"schedule_slip_ms", health.slip ? json_of(*health.slip) : Json()},
                      {"own_delay_max_ms", health.own_delay_max_ms},
                      {"dropped", health.dropped}};
}

Json json_of(const ServiceFigures& one) {
  return Json::Object{{"name", one.name},
                      {"cpu_cores_mean", one.cpu_cores_mean},
                      {"cpu_cores_max", one.cpu_cores_max},
                      {"cpu_system_cores_mean", one.cpu_system_cores_mean},
                      {"rss_bytes_max", one.rss_bytes_max},
                      {"processes_max", one.processes_max},
                      {"threads_max", one.threads_max},
                      {"descriptors_max", one.descriptors_max},
                      {"switches_voluntary_rate", one.switches_voluntary_each_second},
                      {"switches_involuntary_rate", one.switches_involuntary_each_second},
                      {"disk_read_bytes", one.disk_read_bytes},
                      {"disk_written_bytes", one.disk_written_bytes}};
}

Json json_of(const HostFigures& host) {
  if (!host.is_known) return {};
  const auto share = [](const std::optional<double>& value) {
    return value ? Json(*value) : Json();
  };
  return Json::Object{{"cpu_cores_mean", host.cpu_cores_mean},
                      {"cpu_cores_max", host.cpu_cores_max},
                      {"pressure_cpu", share(host.pressure_cpu)},
                      {"pressure_memory", share(host.pressure_memory)},
                      {"pressure_io", share(host.pressure_io)}};
}

Json json_of(const ScenarioInfo& one) {
  return Json::Object{{"name", one.name},
                      {"executor", one.executor},
                      {"description", one.description},
                      {"start_ms", milliseconds(one.start)},
                      {"duration_ms", milliseconds(one.duration)},
                      {"vus_max", one.vus_max},
                      {"open_model", one.open_model},
                      {"iterations_completed", one.iterations_completed},
                      {"iterations_interrupted", one.iterations_interrupted},
                      {"iterations_dropped", one.iterations_dropped},
                      {"iterations_late", one.iterations_late}};
}

Json json_of(const ThresholdResult& one) {
  return Json::Object{{"selector", one.selector},
                      {"expression", one.expression},
                      {"passed", one.passed},
                      {"measured", one.measured ? Json(*one.measured) : Json()},
                      {"measured_text", one.measured_text},
                      {"aborted_run", one.aborted_run}};
}

Json json_of(const CheckResult& one) {
  return Json::Object{
      {"name", one.name}, {"group", one.group}, {"passes", one.passes}, {"fails", one.fails}};
}

Json json_of(const RunEvent& one) {
  return Json::Object{{"from_ms", milliseconds(one.from)},
                      {"to_ms", milliseconds(one.to)},
                      {"kind", name_of(one.kind)},
                      {"fault", fault_name_of(one)},
                      {"text", one.text}};
}

Json json_of(const ErrorCause& one) {
  return Json::Object{
      {"words", one.words}, {"code", one.code}, {"request", one.name}, {"count", one.count}};
}

Json json_of(const SubjectValue& one) {
  return Json::Object{{"subject", one.subject}, {"metric", one.metric}, {"value", one.value}};
}

Json json_of(const ServiceInfo& one) {
  return Json::Object{{"name", one.name},
                      {"kind", one.kind},
                      {"version", one.version},
                      {"address", one.address},
                      {"log", one.log}};
}

Json json_of(const std::string& one) {
  return one;
}

template <typename Value>
Json array_of(const std::vector<Value>& values) {
  Json array = Json::Array{};
  for (const Value& one : values) array.push(json_of(one));
  return array;
}

}  // namespace

Json json_report(const RunRecord& record) {
  const Figures figures = figures_of(record);
  return Json::Object{{"schema", 1},
                      {"run", json_of(record.run, record.duration())},
                      {"window_s", Json::Array{Json(std::int64_t{figures.window.from}),
                                               Json(std::int64_t{figures.window.to})}},
                      {"thresholds", array_of(record.thresholds)},
                      {"checks", array_of(record.checks)},
                      {"all_requests", figures.whole ? json_of(*figures.whole) : Json()},
                      {"requests", array_of(figures.requests)},
                      {"arrivals", figures.arrivals ? json_of(*figures.arrivals) : Json()},
                      {"errors", array_of(figures.errors)},
                      {"scenarios", array_of(record.scenarios)},
                      {"metrics", array_of(figures.metrics)},
                      {"generator", json_of(figures.generator)},
                      {"services", array_of(figures.services)},
                      {"host", json_of(figures.host)},
                      {"processes", array_of(services_of(record))},
                      {"events", array_of(record.events)},
                      {"subjects", array_of(record.subjects)},
                      {"notes", array_of(record.notes)}};
}

}  // namespace brunt
