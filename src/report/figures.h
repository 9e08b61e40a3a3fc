// The figures of a run that every report shows, worked out once from its record: the table by
// request, response time beside service time, causes of errors, the generator's own health.
//
// All of it is over one window: the run without its warm-up. Values are in the metric's unit (ms).
//
//   const Figures figures = figures_of(record);
//   for (const RequestFigures& request : figures.requests) ... request.latency.p99
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "metrics/histogram.h"
#include "record/run_record.h"

namespace brunt {

// Whether the metric is about the load and its target; else the generator, a service or the machine
// watched itself with it.
bool is_of_load(std::string_view metric);

// 95 %, by block bootstrap over the seconds: successive requests are not independent.
struct FigureInterval {
  double low = 0, high = 0;
};

struct Latency {
  std::uint64_t count = 0;
  double average = 0, min = 0, p50 = 0, p90 = 0, p95 = 0, p99 = 0, p999 = 0, max = 0;
  // Of the whole only, where there are at least 30 seconds with samples.
  std::optional<FigureInterval> p50_interval, p90_interval, p95_interval, p99_interval;
};
Latency latency_of(const Histogram& histogram);

struct RequestFigures {
  std::string name;    // The tag `name`; "all requests" for the whole.
  std::string metric;  // http_req_duration, redis_req_duration ...
  Latency latency;
  double each_second = 0;
  std::uint64_t failed = 0;
  double failed_share = 0;
};

// An open model: what was due, and what became of it.
struct ArrivalFigures {
  Latency response;           // From the planned instant.
  Latency service;            // From the actual send.
  std::uint64_t planned = 0;  // Started and dropped.
  std::uint64_t dropped = 0;
  double dropped_share = 0;
  // Dropped arrivals would have been the slowest: percentiles are at least what is shown.
  bool is_censored() const { return dropped > 0; }
};

struct ErrorCause {
  std::string words;  // "connection refused: nobody listens there"
  std::string code;   // k6's error_code, "" where there is none.
  std::string name;   // Of the request.
  std::uint64_t count = 0;
};

struct GeneratorFigures {
  double cpu_cores_mean = 0, cpu_cores_max = 0;  // Over all threads.
  double busiest_thread_max = 0;                 // 0 to 1.
  std::optional<Latency> slip;                   // Actual minus planned start.
  double own_delay_max_ms = 0;  // Of these what is the generator's own doing, where that matters.
  double loop_lag_max_ms = 0;
  std::uint64_t dropped = 0;
  bool is_known = false;
};

// The processes of a service, sampled each second.
struct ServiceFigures {
  std::string name;
  double cpu_cores_mean = 0, cpu_cores_max = 0, cpu_system_cores_mean = 0;
  double rss_bytes_max = 0, processes_max = 0, threads_max = 0, descriptors_max = 0;
  double switches_voluntary_each_second = 0, switches_involuntary_each_second = 0;
  double disk_read_bytes = 0, disk_written_bytes = 0;
};

// The machine that brunt ran on, whoever used it. Pressure: the share of the time in which
// somebody had to wait; none where the kernel does not tell.
struct HostFigures {
  bool is_known = false;
  double cpu_cores_mean = 0, cpu_cores_max = 0;
  std::optional<double> pressure_cpu, pressure_memory, pressure_io;
};

struct MetricLine {
  MetricInfo metric;
  Sink total;
};

struct Figures {
  SecondWindow window;
  double window_seconds = 0;  // How long that was: its last second may have been cut short.
  std::optional<RequestFigures> whole;   // Over all requests; none where nothing was requested.
  std::vector<RequestFigures> requests;  // By name, the most frequent first.
  std::optional<ArrivalFigures> arrivals;
  std::vector<ErrorCause> errors;  // The most frequent first.
  GeneratorFigures generator;
  std::vector<ServiceFigures> services;  // By name.
  HostFigures host;
  std::vector<MetricLine> metrics;  // Every metric with a value; by name.
  std::uint64_t iterations = 0, interrupted = 0, dropped = 0;
  double data_sent = 0, data_received = 0;  // Bytes.
  std::uint64_t checks_passed = 0, checks_failed = 0;
};

// Adds the intervals of the whole, where there are enough seconds. A part of figures_of().
void add_intervals(const RunRecord& record, Figures& figures);

// Adds the services and the machine. A part of figures_of().
void add_services(const RunRecord& record, Figures& figures);

// What the exit code and the status say in a word.
enum class RunOutcome : std::uint8_t {
  passed,
  finished,  // As planned, but nothing was expected of it.
  failed,
  not_valid,
  interrupted,
  running,
};
RunOutcome outcome_of(const RunInfo& run);
// The verdict without the outcome's word in front ("failed: p(99) was ..."): for where it stands
// beside it already.
std::string_view verdict_words(const RunInfo& run);
std::string_view name_of(RunOutcome outcome);  // "passed", "failed", "not valid" ...

// Deterministic: the bootstrap draws from the run's own seed.
Figures figures_of(const RunRecord& record);

// k6's code as a sentence, with the message that was seen where the code says too little.
std::string error_words(std::string_view code, std::string_view message, std::string_view status);
// "gRPC: Unavailable (14)".
std::string grpc_status_words(std::string_view status);

}  // namespace brunt
