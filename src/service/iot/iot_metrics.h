// What the IoT service counts, and its Prometheus text. Each loop has one IotLoopMetrics, which
// only its thread changes; GET /metrics adds up all of them, from any thread.
//
// Source: Prometheus text exposition format 0.0.4.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/time.h"
#include "server/counter.h"
#include "server/http_server.h"
#include "service/exposition.h"

namespace brunt {

enum class IotEndpoint : std::uint8_t {
  login,
  command,
  measurement,
  statistics,
  metrics,
  health,
  unknown,
};
inline constexpr std::array<std::string_view, 7> iot_endpoint_paths{
    "/login", "/command", "/measurement", "/statistics", "/metrics", "/health", "other"};

class IotLoopMetrics {
 public:
  static constexpr std::array<std::uint16_t, 8> statuses{200, 400, 401, 404, 405, 500, 503, 0};

  IotLoopMetrics();
  void count_request(IotEndpoint endpoint, std::uint16_t status, Duration took);
  void count_commit(std::size_t records, std::size_t stored_measurements, Duration took);
  void count_failed_commit(std::size_t records);

  std::array<std::array<Counter, statuses.size()>, iot_endpoint_paths.size()> requests;
  std::array<BucketHistogram, iot_endpoint_paths.size()> durations;
  Counter commits, commits_failed, measurements, records_failed;
  BucketHistogram commit_duration, group_size;
};

// What is not counted but looked up when somebody asks.
struct IotGauges {
  std::uint64_t devices = 0;
  std::uint64_t queue_depth = 0;
  std::string_view store;  // "sqlite", ...
  WallTime started;
};

std::string render_iot_metrics(std::span<const IotLoopMetrics* const> loops,
                               std::span<const HttpServerStats* const> servers,
                               const IotGauges& gauges);

}  // namespace brunt
