// What a run found out beside its series: scenarios, checks, thresholds, events, log lines,
// subjects, and profiles. Plain values.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace brunt {

struct ScenarioInfo {
  std::string name;
  std::string executor;     // k6's word: constant-vus, ramping-arrival-rate ...
  std::string description;  // One line: "50 VUs for 30s", "500/s for 8s, up to 50 VUs".
  Duration start{}, duration{};
  std::uint64_t vus_max = 0;
  bool open_model = false;  // Arrivals: response time counts from the planned instant.
  std::uint64_t iterations_completed = 0;
  std::uint64_t iterations_interrupted = 0;
  std::uint64_t iterations_dropped = 0;  // Due while no VU was free, never run.
  std::uint64_t iterations_late = 0;     // Queued (when_busy: queue) and run later than due.

  friend bool operator==(const ScenarioInfo&, const ScenarioInfo&) = default;
};

struct CheckResult {
  std::string name;
  std::string group;  // "" or "::a::b", as k6 writes it.
  std::uint64_t passes = 0, fails = 0;

  friend bool operator==(const CheckResult&, const CheckResult&) = default;
};

struct ThresholdResult {
  std::string selector;    // http_req_duration{name:/cart}
  std::string expression;  // p(95)<250, as written.
  bool passed = false;
  std::optional<double> measured;  // In the metric's unit; none when there was no sample.
  std::string measured_text;       // "p(95)=148.21ms": what people read.
  bool aborted_run = false;        // It had abortOnFail and ended the run.

  friend bool operator==(const ThresholdResult&, const ThresholdResult&) = default;
};

// Something that lasted from `from` to `to` after the start, or happened at an instant (from ==
// to). Reports shade it in every chart.
enum class EventKind : std::uint8_t { warm_up, stage, graceful_stop, fault, abort, note };
std::string_view name_of(EventKind kind);
Result<EventKind> parse_event_kind(std::string_view name);

struct RunEvent {
  Duration from{}, to{};
  EventKind kind = EventKind::note;
  std::string text;

  friend bool operator==(const RunEvent&, const RunEvent&) = default;
};

// A line of a service's structured log, or of the run's own: the columns of the `logs` table.
struct LogLine {
  WallTime time;
  std::string event;  // naz.Client.send_data; of the run itself: brunt.run.warning
  std::string stage;  // start, end, or ""
  std::string client_id, log_id, error;
  std::string metadata = "{}";  // JSON.

  friend bool operator==(const LogLine&, const LogLine&) = default;
};

// One number about one subject (a client, a message, a node): what has no place in a time series.
struct SubjectValue {
  std::string subject;
  std::string metric;
  double value = 0;

  friend bool operator==(const SubjectValue&, const SubjectValue&) = default;
};

// Where a service spent its CPU time: folded stacks, as `perf script` gave them.
struct ServiceProfile {
  std::string service;
  std::string folded;  // "server;main;write_[k] 17\n" ..., the root first.

  friend bool operator==(const ServiceProfile&, const ServiceProfile&) = default;
};

}  // namespace brunt
