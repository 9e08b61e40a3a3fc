// Metrics: what is measured, of which kind, in which unit. k6's built-in ones and ours, with ids
// known at compile time, and a registry that adds a script's own.
//
// A value is a double: milliseconds for `time`, bytes for `data`, as in k6. time_value() converts.
// A registry is filled before the loops start and only read afterwards, so threads share it.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace brunt {

enum class MetricKind : std::uint8_t {
  counter,  // Sum.
  gauge,    // Last, smallest, largest.
  rate,     // Share of values that are not zero.
  trend,    // Distribution.
};
std::string_view name_of(MetricKind kind);  // "counter"

enum class Contains : std::uint8_t { standard, time, data };
std::string_view name_of(Contains contains);  // k6's words: "default", "time", "data"

// What a gauge means over several threads or processes that each report it.
enum class GaugeMerge : std::uint8_t {
  latest,  // The latest second's; of one second's values, the largest: the worst is what matters.
  sum,     // Each counts its own: vus.
};

struct MetricInfo {
  std::string name;
  MetricKind kind = MetricKind::counter;
  Contains contains = Contains::standard;
  GaugeMerge merge = GaugeMerge::latest;
  friend bool operator==(const MetricInfo&, const MetricInfo&) = default;
};

// The built-in metrics; a registry's own follow from `first_custom` on. Ids are for one process
// only: what is stored or sent carries names.
enum class MetricId : std::uint16_t {
  // k6's.
  vus,
  vus_max,
  iterations,
  iteration_duration,
  dropped_iterations,
  group_duration,
  checks,
  http_reqs,
  http_req_failed,
  http_req_duration,
  http_req_blocked,
  http_req_connecting,
  http_req_tls_handshaking,
  http_req_sending,
  http_req_waiting,
  http_req_receiving,
  ws_sessions,
  ws_msgs_sent,
  ws_msgs_received,
  ws_ping,
  ws_session_duration,
  ws_connecting,
  grpc_req_duration,
  grpc_streams,
  grpc_streams_msgs_sent,
  grpc_streams_msgs_received,
  data_sent,
  data_received,
  // Ours.
  response_time,            // From the planned instant of the request to its end.
  setup_time,               // Name, connect, TLS, login: until a connection could be used.
  frame_reqs,               // Length-prefixed messages sent.
  frame_req_failed,         // Without the right ACK.
  frame_req_duration,       // From sending a message to its whole ACK.
  redis_reqs,               // Requests to a Redis: a command, or several sent together.
  redis_req_failed,         // With an error among the replies, or without them.
  redis_req_duration,       // From sending the commands to the end of the last reply.
  iterations_interrupted,   // Cut off at the end of graceful_stop.
  generator_schedule_slip,  // Actual start minus planned start.
  generator_delay,          // Of the slip what is the generator's own doing, where it matters.
  generator_cpu,            // Cores in use by a generator thread: 0 to 1, tag `thread`.
  generator_loop_lag,       // Longest turn of a loop in each second.
  generator_held_up,        // Time in long turns of a loop in each second.
  generator_dropped,        // Arrivals dropped because the generator, not the VUs, was out of time.
  service_cpu,              // Cores in use by a service's processes, tag `service`.
  service_cpu_system,       // Of these, in the kernel.
  service_rss,              // Bytes of memory that its processes have.
  service_processes,
  service_threads,
  service_descriptors,           // Open ones.
  service_switches_voluntary,    // It waited.
  service_switches_involuntary,  // It was made to wait.
  service_disk_read,             // Bytes from storage.
  service_disk_written,          // Bytes to storage.
  host_cpu,                      // Cores in use on the machine, by whomever.
  host_pressure_cpu,             // Share of the time in which somebody waited for a core ...
  host_pressure_memory,          // ... for memory
  host_pressure_io,              // ... for storage.
  first_custom,
};

std::span<const MetricInfo> builtin_metrics();  // In the order of MetricId.
std::string_view name_of(MetricId builtin);     // REQUIRES: a built-in one.

// What every protocol has, so that reports count requests of whatever kind: http_reqs,
// http_req_failed, http_req_duration; frame_reqs, ...
bool counts_requests(const MetricInfo& metric);
bool counts_failures(const MetricInfo& metric);
bool times_requests(const MetricInfo& metric);

// k6's rule: a letter or underscore, then letters, digits, underscores; 2 to 129 characters.
// Errors: invalid, with the rule.
Result<> check_metric_name(std::string_view name);

class MetricRegistry {
 public:
  MetricRegistry();

  // The same name again gives the same id. Errors: invalid if the name breaks the rule, is taken by
  // a metric of another kind or unit; exhausted beyond 65,000.
  Result<MetricId> add(const MetricInfo& info);

  // Errors: not_found, with the nearest name.
  Result<MetricId> find(std::string_view name) const;

  const MetricInfo& info(MetricId id) const;  // REQUIRES: an id of this registry.
  std::span<const MetricInfo> all() const { return metrics_; }

 private:
  std::vector<MetricInfo> metrics_;
};

// Milliseconds, the value of a `time` metric.
inline double time_value(Duration duration) {
  return static_cast<double>(duration.count()) * 1e-6;
}
// And back, rounded to the nanosecond.
Duration duration_of(double time_value);

// A figure with its unit, as people read it: 412ms, 1.50 MB, 12,345.
std::string format_value(Contains contains, double value);

}  // namespace brunt
