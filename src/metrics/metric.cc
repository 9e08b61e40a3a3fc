#include "metrics/metric.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/assert.h"
#include "base/text.h"
#include "base/units.h"

namespace brunt {
namespace {

constexpr std::size_t custom_max = 65'000;

MetricInfo counter(std::string_view name, Contains contains = Contains::standard) {
  return {std::string(name), MetricKind::counter, contains, GaugeMerge::latest};
}
MetricInfo rate(std::string_view name) {
  return {std::string(name), MetricKind::rate, Contains::standard, GaugeMerge::latest};
}
MetricInfo trend(std::string_view name, Contains contains = Contains::time) {
  return {std::string(name), MetricKind::trend, contains, GaugeMerge::latest};
}
MetricInfo gauge(std::string_view name, GaugeMerge merge, Contains contains = Contains::standard) {
  return {std::string(name), MetricKind::gauge, contains, merge};
}

// In the order of MetricId; metric_test.cc compares names with enumerators.
std::vector<MetricInfo> make_builtin() {
  return {
      gauge("vus", GaugeMerge::sum),
      gauge("vus_max", GaugeMerge::sum),
      counter("iterations"),
      trend("iteration_duration"),
      counter("dropped_iterations"),
      trend("group_duration"),
      rate("checks"),
      counter("http_reqs"),
      rate("http_req_failed"),
      trend("http_req_duration"),
      trend("http_req_blocked"),
      trend("http_req_connecting"),
      trend("http_req_tls_handshaking"),
      trend("http_req_sending"),
      trend("http_req_waiting"),
      trend("http_req_receiving"),
      counter("ws_sessions"),
      counter("ws_msgs_sent"),
      counter("ws_msgs_received"),
      trend("ws_ping"),
      trend("ws_session_duration"),
      trend("ws_connecting"),
      trend("grpc_req_duration"),
      counter("grpc_streams"),
      counter("grpc_streams_msgs_sent"),
      counter("grpc_streams_msgs_received"),
      counter("data_sent", Contains::data),
      counter("data_received", Contains::data),
      trend("response_time"),
      trend("setup_time"),
      counter("frame_reqs"),
      rate("frame_req_failed"),
      trend("frame_req_duration"),
      counter("redis_reqs"),
      rate("redis_req_failed"),
      trend("redis_req_duration"),
      counter("iterations_interrupted"),
      trend("generator_schedule_slip"),
      trend("generator_delay"),
      gauge("generator_cpu", GaugeMerge::latest),
      trend("generator_loop_lag"),
      trend("generator_held_up"),
      counter("generator_dropped"),
      gauge("service_cpu", GaugeMerge::latest),
      gauge("service_cpu_system", GaugeMerge::latest),
      gauge("service_rss", GaugeMerge::latest, Contains::data),
      gauge("service_processes", GaugeMerge::latest),
      gauge("service_threads", GaugeMerge::latest),
      gauge("service_descriptors", GaugeMerge::latest),
      counter("service_switches_voluntary"),
      counter("service_switches_involuntary"),
      counter("service_disk_read", Contains::data),
      counter("service_disk_written", Contains::data),
      gauge("host_cpu", GaugeMerge::latest),
      gauge("host_pressure_cpu", GaugeMerge::latest),
      gauge("host_pressure_memory", GaugeMerge::latest),
      gauge("host_pressure_io", GaugeMerge::latest),
  };
}

const std::vector<MetricInfo>& builtin() {
  static const std::vector<MetricInfo> table = make_builtin();
  return table;
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

}  // namespace

std::string_view name_of(MetricKind kind) {
  constexpr std::array<std::string_view, 4> names = {"counter", "gauge", "rate", "trend"};
  return names[static_cast<std::size_t>(kind)];
}

std::string_view name_of(Contains contains) {
  constexpr std::array<std::string_view, 3> names = {"default", "time", "data"};
  return names[static_cast<std::size_t>(contains)];
}

std::span<const MetricInfo> builtin_metrics() {
  return builtin();
}

std::string_view name_of(MetricId builtin_id) {
  ASSERT(builtin_id < MetricId::first_custom);
  return builtin()[static_cast<std::size_t>(builtin_id)].name;
}

bool counts_requests(const MetricInfo& metric) {
  return metric.kind == MetricKind::counter && metric.name.ends_with("_reqs");
}

bool counts_failures(const MetricInfo& metric) {
  return metric.kind == MetricKind::rate && metric.name.ends_with("_req_failed");
}

bool times_requests(const MetricInfo& metric) {
  return metric.kind == MetricKind::trend && metric.name.ends_with("_req_duration");
}

Result<> check_metric_name(std::string_view name) {
  const bool fits =
      name.size() >= 2 && name.size() <= 129 && is_letter(name.front()) &&
      std::ranges::all_of(name, [](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
  if (fits) return {};
  return fail(
      ErrorCode::invalid,
      fmt::format("invalid metric name: '{}'. Metric names must only include up to 128 ASCII "
                  "letters, numbers, or underscores and start with a letter or an "
                  "underscore",
                  name.substr(0, 140)));
}

MetricRegistry::MetricRegistry() : metrics_(builtin()) {
  ASSERT(metrics_.size() == static_cast<std::size_t>(MetricId::first_custom));
}

Result<MetricId> MetricRegistry::add(const MetricInfo& info) {
  TRY(check_metric_name(info.name));
  for (std::size_t i = 0; i < metrics_.size(); ++i) {
    const MetricInfo& known = metrics_[i];
    if (known.name != info.name) continue;
    if (known.kind == info.kind && known.contains == info.contains) return static_cast<MetricId>(i);
    return fail(ErrorCode::invalid,
                fmt::format("metric \"{}\" is already a {} of {} values", info.name,
                            name_of(known.kind), name_of(known.contains)));
  }
  if (metrics_.size() >= custom_max)
    return fail(ErrorCode::exhausted, fmt::format("more than {} metrics", custom_max));
  metrics_.push_back(info);
  return static_cast<MetricId>(metrics_.size() - 1);
}

Result<MetricId> MetricRegistry::find(std::string_view name) const {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < metrics_.size(); ++i) {
    if (metrics_[i].name == name) return static_cast<MetricId>(i);
    names.emplace_back(metrics_[i].name);
  }
  return fail(ErrorCode::not_found,
              fmt::format("there is no metric \"{}\"{}", name, did_you_mean(name, names)));
}

const MetricInfo& MetricRegistry::info(MetricId id) const {
  ASSERT(static_cast<std::size_t>(id) < metrics_.size());
  return metrics_[static_cast<std::size_t>(id)];
}

Duration duration_of(double value) {
  constexpr double ns_max = 9.2e18;
  return Duration(std::llround(std::clamp(value * 1e6, -ns_max, ns_max)));
}

std::string format_value(Contains contains, double value) {
  switch (contains) {
    case Contains::time:
      return value < 0 ? "-" + format_duration(duration_of(-value))
                       : format_duration(duration_of(value));
    case Contains::data:
      return format_bytes(value);
    case Contains::standard:
      break;
  }
  if (value == std::floor(value)) return format_count(value);
  return fmt::format("{:.4g}", value);
}

}  // namespace brunt
