#include "service/iot/iot_loop.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "base/json.h"
#include "loop/fiber_group.h"
#include "service/iot/measurement_reader.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view session_field = "servant-auth-cookie";
constexpr std::size_t username_bytes_max = 255;
constexpr int statistics_cost_factor = 10;
constexpr std::size_t look_ups_each_second = 100;

void answer_error(HttpResponseWriter& response, std::uint16_t status, std::string_view text) {
  response.set_status(status);
  response.body() = R"({"error":)";
  append_json_string(response.body(), text);
  response.body() += '}';
}

// The record may come later, when the store is back or the queue is shorter.
void answer_later(HttpResponseWriter& response, const Error& error) {
  answer_error(response, 503, error.text);
  response.add_field("Retry-After", "1");
}

void append_command(std::string& out, const Command& command) {
  out += command.charge ? R"({"charge":"ChargeBattery",)" : R"({"charge":"NoChargeBattery",)";
  out += command.fill ? R"("fill":"FillReservoir",)" : R"("fill":"NoFillReservoir",)";
  if (command.flush_litres == 0) {
    out += R"("flush":{"tag":"NoFlush"}})";
  } else {
    fmt::format_to(std::back_inserter(out), R"("flush":{{"tag":"Flush","contents":{}}}}})",
                   command.flush_litres);
  }
}

std::string json_of(const IotStatistics& statistics, WallTime as_of) {
  const auto time = [](std::int64_t unix_s) {
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(unix_s)));
  };
  Json::Array hours;
  for (const TemperatureOfHour& hour : statistics.temperature_by_hour)
    hours.push_back(Json::Object{{"hour", time(hour.hour_unix_s)},
                                 {"measurements", hour.measurements},
                                 {"mean_celsius", hour.mean_celsius},
                                 {"deviation_celsius", hour.deviation_celsius}});
  return Json(Json::Object{{"measurements", statistics.measurements},
                           {"devices", statistics.devices},
                           {"total_battery_charge", statistics.total_battery_charge},
                           {"total_water_volume_litres", statistics.total_water_volume_litres},
                           {"water_energy_kilojoules", statistics.water_energy_kilojoules},
                           {"temperature_by_hour", std::move(hours)},
                           {"as_of", time(as_of.unix_ns / 1'000'000'000)}})
      .dump();
}

}  // namespace

struct IotLoop::Route {
  std::string_view path, method, allow;
  IotEndpoint endpoint;
  void (IotLoop::*handle)(Fiber&, const HttpRequestView&, HttpResponseWriter&);
};

std::span<const IotLoop::Route> IotLoop::routes() {
  static constexpr std::string_view get = "GET, HEAD";
  // The busiest first.
  static constexpr std::array<Route, 7> all{{
      {"/measurement", "POST", "POST", IotEndpoint::measurement, &IotLoop::measurement},
      {"/command", "GET", get, IotEndpoint::command, &IotLoop::command},
      {"/login", "POST", "POST", IotEndpoint::login, &IotLoop::login},
      {"/statistics", "GET", get, IotEndpoint::statistics, &IotLoop::statistics},
      {"/stats", "GET", get, IotEndpoint::statistics, &IotLoop::statistics},
      {"/metrics", "GET", get, IotEndpoint::metrics, &IotLoop::show_metrics},
      {"/health", "GET", get, IotEndpoint::health, &IotLoop::health},
  }};
  return all;
}

IotShared::IotShared(const IotOptions& its_options)
    : options(its_options), devices(its_options.devices_max) {}
IotShared::~IotShared() = default;

IotLoop::IotLoop(Loop& loop, IotStore& store, IotShared& shared, std::uint64_t seed)
    : loop_(loop),
      store_(store),
      shared_(shared),
      prng_(seed),
      committer_(store, shared.options.groups,
                 [this](const CommitReport& report) { observe(report); }) {}

Result<std::unique_ptr<IotLoop>> IotLoop::create(Loop& loop, IotStore& store, IotShared& shared,
                                                 const HttpServerOptions& options,
                                                 std::uint64_t seed) {
  // make_unique cannot reach a private constructor.
  std::unique_ptr<IotLoop> part(new IotLoop(loop, store, shared, seed));
  part->server_ = TRY(HttpServer::listen(
      loop, options,
      [&part = *part](Fiber& self, const HttpRequestView& request, HttpResponseWriter& response) {
        part.handle(self, request, response);
      }));
  return part;
}

void IotLoop::run(Fiber& self) {
  FiberGroup lanes(loop_);
  for (std::size_t lane = 0; lane < store_.lanes(); ++lane)
    static_cast<void>(
        lanes.spawn("iot commit", [this](Fiber& fiber) { committer_.run_lane(fiber); }));
  server_->serve(self);
  committer_.stop();
  static_cast<void>(lanes.join(self));
}

void IotLoop::observe(const CommitReport& report) {
  if (report.error == nullptr) {
    metrics_.count_commit(report.records, report.measurements, report.took);
    store_error_.reset();
  } else {
    metrics_.count_failed_commit(report.records);
    store_error_ = *report.error;
  }
}

void IotLoop::handle(Fiber& self, const HttpRequestView& request, HttpResponseWriter& response) {
  const Instant started = loop_.precise_now();
  response.set_content_type("application/json");
  const std::string_view path = request.path();
  const auto all = routes();
  const auto route = std::find_if(all.begin(), all.end(),
                                  [&](const Route& candidate) { return candidate.path == path; });
  IotEndpoint endpoint = IotEndpoint::unknown;
  if (route == all.end()) {
    answer_error(response, 404,
                 "there is no such endpoint: see /login, /command, /measurement, "
                 "/statistics, /metrics, /health");
  } else {
    endpoint = route->endpoint;
    const std::string_view method = request.method();
    if (method == route->method || (method == "HEAD" && route->method == "GET")) {
      (this->*route->handle)(self, request, response);
    } else {
      answer_error(response, 405, fmt::format("{} takes {}", path, route->allow));
      response.add_field("Allow", route->allow);
    }
  }
  metrics_.count_request(endpoint, response.status(), loop_.precise_now() - started);
}

// A device that is not in memory may have logged in at another service on the same store. Asking
// the store is rationed, so that made-up ids cost it nothing.
Result<bool> IotLoop::look_up(Fiber& self, const Uuid& id) {
  if (self.now() >= look_ups_until_) {
    look_ups_left_ = look_ups_each_second;
    look_ups_until_ = self.now() + 1s;
  }
  if (look_ups_left_ == 0) return fail(ErrorCode::exhausted, "too many unknown devices at once");
  --look_ups_left_;
  if (!TRY(store_.has_device(self, id))) return false;
  TRY(shared_.devices.add(id));
  return true;
}

Device* IotLoop::device_of(Fiber& self, const HttpRequestView& request,
                           HttpResponseWriter& response) {
  const auto session = request.fields().find(session_field);
  if (!session) {
    answer_error(response, 401,
                 "the header servant-auth-cookie is missing: it carries what POST /login gave");
    return nullptr;
  }
  const auto id = parse_uuid(*session);
  Device* device = id ? shared_.devices.find(*id) : nullptr;
  if (device != nullptr) return device;
  const Result<bool> found = id ? look_up(self, *id) : false;
  if (!found) {
    answer_later(response, found.error());
  } else if (!*found) {
    answer_error(response, 401,
                 "the header servant-auth-cookie names no device: log in with POST /login");
  } else {
    return shared_.devices.find(*id);
  }
  return nullptr;
}

void IotLoop::login(Fiber& self, const HttpRequestView& request, HttpResponseWriter& response) {
  const auto body = Json::parse(request.body());
  if (!body) return answer_error(response, 400, "the body is no JSON: " + body.error().text);
  const Json* username = body->find("username");
  if (username == nullptr || !username->is_string())
    return answer_error(response, 400, R"(the body must be like {"username": "any text"})");
  if (username->string().size() > username_bytes_max)
    return answer_error(response, 400, "`username` is longer than 255 bytes");
  if (shared_.devices.full())
    return answer_later(response, {ErrorCode::exhausted, "no more devices may log in"});

  const Uuid id = random_uuid(prng_);
  if (const auto stored = committer_.add(self, id); !stored)
    return answer_later(response, stored.error());
  if (const auto added = shared_.devices.add(id); !added)
    return answer_later(response, added.error());
  response.body() += R"({"username":")";
  append_uuid(response.body(), id);
  response.body() += R"("})";
}

void IotLoop::command(Fiber& self, const HttpRequestView& request, HttpResponseWriter& response) {
  Device* device = device_of(self, request, response);
  if (device == nullptr) return;
  const Command decided = device->decided.load();
  // The table holds every change of what a device was told, not every time it asked.
  if (device->told.exchange(decided) != decided)
    committer_.note(
        {.device = device->id, .time_us = loop_.wall().unix_ns / 1000, .command = decided});
  append_command(response.body(), decided);
}

void IotLoop::measurement(Fiber& self, const HttpRequestView& request,
                          HttpResponseWriter& response) {
  Device* device = device_of(self, request, response);
  if (device == nullptr) return;
  Measurement measurement;
  measurement.device = device->id;
  if (const auto read = read_measurement(request.body(), measurement); !read)
    return answer_error(response, 400, read.error().text);
  if (const auto stored = committer_.add(self, measurement); !stored)
    return answer_later(response, stored.error());
  device->decided.store(command_for(measurement));
  response.body() += "{}";
}

Result<> IotLoop::refresh_statistics(Fiber& self) {
  while (loop_.now() >= statistics_until_ || statistics_json_.empty()) {
    if (statistics_asker_ != nullptr) {
      statistics_waiting_.push_back(&self);
      const auto parked = self.park(far_future, "statistics");
      std::erase(statistics_waiting_, &self);
      TRY(Result<>(parked));
      // Old or new, it was asked for after this request came.
      if (statistics_asker_ == nullptr && !statistics_json_.empty()) return {};
      continue;
    }
    statistics_asker_ = &self;
    const Instant started = loop_.precise_now();
    auto statistics = store_.statistics(self);
    statistics_asker_ = nullptr;
    for (Fiber* waiting : statistics_waiting_) waiting->wake();
    if (!statistics) return std::unexpected(std::move(statistics).error());
    statistics_json_ = json_of(*statistics, loop_.wall());
    const Duration took = loop_.precise_now() - started;
    const Duration age_max = shared_.options.statistics_age_max;
    statistics_until_ = started;
    if (age_max > Duration::zero())
      statistics_until_ += std::max(age_max, statistics_cost_factor * took);
    return {};
  }
  return {};
}

void IotLoop::statistics(Fiber& self, const HttpRequestView& /*request*/,
                         HttpResponseWriter& response) {
  if (const auto refreshed = refresh_statistics(self); !refreshed)
    return answer_later(response, refreshed.error());
  response.body() += statistics_json_;
}

void IotLoop::show_metrics(Fiber& /*self*/, const HttpRequestView& /*request*/,
                           HttpResponseWriter& response) {
  std::vector<const IotLoopMetrics*> loops;
  std::vector<const HttpServerStats*> servers;
  IotGauges gauges{
      .devices = shared_.devices.size(), .store = store_.kind(), .started = shared_.started};
  for (const auto& part : shared_.loops) {
    loops.push_back(&part->metrics());
    servers.push_back(&part->server_stats());
    gauges.queue_depth += part->waiting();
  }
  response.set_content_type("text/plain; version=0.0.4; charset=utf-8");
  response.body() += render_iot_metrics(loops, servers, gauges);
}

void IotLoop::health(Fiber& /*self*/, const HttpRequestView& /*request*/,
                     HttpResponseWriter& response) {
  if (store_error_) return answer_later(response, *store_error_);
  fmt::format_to(std::back_inserter(response.body()), R"({{"status":"ok","store":"{}"}})",
                 store_.kind());
}

}  // namespace brunt
