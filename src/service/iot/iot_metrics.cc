#include "service/iot/iot_metrics.h"

#include <fmt/format.h>

#include <algorithm>

namespace brunt {
namespace {

constexpr std::array<double, 15> duration_bounds_s{
    0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
constexpr std::array<double, 13> size_bounds{1,   2,   4,   8,    16,   32,   64,
                                             128, 256, 512, 1024, 4096, 16384};

std::size_t index_of_status(std::uint16_t status) {
  const auto& known = IotLoopMetrics::statuses;
  const auto found = std::find(known.begin(), known.end(), status);
  return found == known.end() ? known.size() - 1 : static_cast<std::size_t>(found - known.begin());
}

template <typename Part, typename Get>
std::uint64_t total(std::span<const Part* const> parts, Get&& get) {
  std::uint64_t sum = 0;
  for (const Part* part : parts) sum += get(*part).get();
  return sum;
}

void render_requests(Exposition& out, std::span<const IotLoopMetrics* const> loops,
                     std::span<const HttpServerStats* const> servers) {
  out.family("iot_requests_total", "counter", "Requests answered, by endpoint and status.");
  for (std::size_t endpoint = 0; endpoint < iot_endpoint_paths.size(); ++endpoint)
    for (std::size_t status = 0; status < IotLoopMetrics::statuses.size(); ++status) {
      const std::uint64_t count = total(loops, [&](const IotLoopMetrics& loop) -> const Counter& {
        return loop.requests[endpoint][status];
      });
      const std::uint16_t number = IotLoopMetrics::statuses[status];
      if (count > 0)
        out.sample(count, fmt::format("endpoint=\"{}\",status=\"{}\"", iot_endpoint_paths[endpoint],
                                      number == 0 ? "other" : fmt::to_string(number)));
    }
  // Refused before they were a request of any endpoint.
  const auto refused = [&](std::string_view status, Counter HttpServerStats::*member) {
    const std::uint64_t count = total(
        servers, [&](const HttpServerStats& stats) -> const Counter& { return stats.*member; });
    if (count > 0) out.sample(count, fmt::format("endpoint=\"none\",status=\"{}\"", status));
  };
  refused("400", &HttpServerStats::malformed_400);
  refused("408", &HttpServerStats::timeout_408);
  refused("413", &HttpServerStats::too_large_413);
  refused("431", &HttpServerStats::too_large_431);
  refused("503", &HttpServerStats::connections_refused);

  out.family("iot_request_duration_seconds", "histogram",
             "From the whole request to the answer being ready to send.");
  for (std::size_t endpoint = 0; endpoint < iot_endpoint_paths.size(); ++endpoint) {
    std::vector<const BucketHistogram*> parts;
    for (const IotLoopMetrics* loop : loops) parts.push_back(&loop->durations[endpoint]);
    out.histogram(parts, fmt::format("endpoint=\"{}\"", iot_endpoint_paths[endpoint]));
  }
}

void render_commits(Exposition& out, std::span<const IotLoopMetrics* const> loops) {
  const auto sum = [&](Counter IotLoopMetrics::*member) {
    return total(loops, [&](const IotLoopMetrics& loop) -> const Counter& { return loop.*member; });
  };
  const auto parts = [&](BucketHistogram IotLoopMetrics::*member) {
    std::vector<const BucketHistogram*> found;
    for (const IotLoopMetrics* loop : loops) found.push_back(&(loop->*member));
    return found;
  };
  out.single("iot_measurements_total", "counter", "Measurements made durable since the start.",
             sum(&IotLoopMetrics::measurements));
  out.single("iot_commits_total", "counter", "Groups made durable.", sum(&IotLoopMetrics::commits));
  out.single("iot_commits_failed_total", "counter", "Groups that the store refused.",
             sum(&IotLoopMetrics::commits_failed));
  out.single("iot_records_failed_total", "counter", "Records in groups that the store refused.",
             sum(&IotLoopMetrics::records_failed));
  out.family("iot_commit_duration_seconds", "histogram", "From handing a group to the store on.");
  out.histogram(parts(&IotLoopMetrics::commit_duration));
  out.family("iot_group_size", "histogram", "Records in a committed group.");
  out.histogram(parts(&IotLoopMetrics::group_size));
}

}  // namespace

IotLoopMetrics::IotLoopMetrics()
    : durations{BucketHistogram(duration_bounds_s), BucketHistogram(duration_bounds_s),
                BucketHistogram(duration_bounds_s), BucketHistogram(duration_bounds_s),
                BucketHistogram(duration_bounds_s), BucketHistogram(duration_bounds_s),
                BucketHistogram(duration_bounds_s)},
      commit_duration(duration_bounds_s),
      group_size(size_bounds) {}

void IotLoopMetrics::count_request(IotEndpoint endpoint, std::uint16_t status, Duration took) {
  const std::size_t index = std::to_underlying(endpoint);
  requests[index][index_of_status(status)].add();
  durations[index].record(seconds_of(took));
}

void IotLoopMetrics::count_commit(std::size_t records, std::size_t stored_measurements,
                                  Duration took) {
  commits.add();
  measurements.add(stored_measurements);
  commit_duration.record(seconds_of(took));
  group_size.record(static_cast<double>(records));
}

void IotLoopMetrics::count_failed_commit(std::size_t records) {
  commits_failed.add();
  records_failed.add(records);
}

std::string render_iot_metrics(std::span<const IotLoopMetrics* const> loops,
                               std::span<const HttpServerStats* const> servers,
                               const IotGauges& gauges) {
  Exposition out;
  render_requests(out, loops, servers);
  render_commits(out, loops);
  out.single("iot_queue_depth", "gauge", "Records not yet handed to the store.",
             gauges.queue_depth);
  out.single("iot_devices", "gauge", "Devices known.", gauges.devices);
  out.single("iot_connections", "gauge", "Connections open.",
             total(servers, [](const HttpServerStats& stats) -> const Counter& {
               return stats.connections_open;
             }));
  out.family("iot_store_info", "gauge", "The kind of store, as a label.");
  out.sample(1, fmt::format("store=\"{}\"", gauges.store));
  render_process(out, gauges.started);
  return out.take();
}

}  // namespace brunt
