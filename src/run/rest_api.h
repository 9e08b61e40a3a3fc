// k6's REST API over a run that goes on: its status, pause, resume, scale and stop; metrics,
// groups, and what setup() returned. JSON:API documents, as k6 1 has them.
//
//   auto server = TRY(HttpServer::listen(loop, {.at = at}, rest_api(run)));
//
//   GET, PATCH      /v1/status
//   GET             /v1/metrics, /v1/metrics/NAME, /v1/groups, /v1/groups/ID
//   GET, PUT, POST  /v1/setup       PUT sets the data, POST runs setup()
//   POST            /v1/teardown
//
// What cannot be understood or done is answered with {"errors": [{status, title, detail}]} and
// changes nothing. Source: k6 documentation, "k6 REST API"; k6, api/v1.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "metrics/metric.h"
#include "metrics/sink.h"
#include "report/k6_groups.h"
#include "server/http_server.h"

namespace brunt {

// k6's numbers.
enum class RunPhase : std::uint8_t {
  created = 0,
  init_vus = 1,
  paused_before_run = 4,
  setup = 6,
  running = 7,
  teardown = 8,
  ended = 9,
};

struct ApiStatus {
  RunPhase phase = RunPhase::created;
  bool paused = false;
  bool stopped = false;  // Somebody asked for its end.
  bool tainted = false;  // A threshold does not hold now.
  std::uint64_t vus = 0, vus_max = 0;
};

// What is to be changed; what is not given stays.
struct ApiChange {
  bool stopped = false;
  std::optional<bool> paused;
  std::optional<std::uint64_t> vus, vus_max;
};

struct ApiMetric {
  std::string name;  // With the tags of a part that a threshold names.
  MetricInfo info;
  Sink total;
  std::optional<bool> tainted;  // nullopt: no threshold is on it.
};

// The run, as the API sees it. Errors go to who asked, by their code: invalid and malformed are
// 400, not_found 404, denied (not now) 409, all others 500.
class ApiRun {
 public:
  virtual ~ApiRun() = default;
  virtual ApiStatus status() const = 0;
  virtual Result<> change(const ApiChange& change) = 0;  // All of it, or nothing.
  virtual Duration elapsed() const = 0;
  virtual std::vector<ApiMetric> metrics() const = 0;
  virtual K6Group groups() const = 0;
  virtual std::string setup_data() const = 0;  // JSON; "": none.
  virtual Result<> set_setup_data(std::string json) = 0;
  virtual Result<> run_setup(Fiber& self) = 0;     // Parks.
  virtual Result<> run_teardown(Fiber& self) = 0;  // Parks.
};

HttpServer::Handler rest_api(ApiRun& run);  // Must outlive the handler.

}  // namespace brunt
