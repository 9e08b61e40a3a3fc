// What a run says of itself while it goes on, once a second: the terminal view and the log lines
// are made of it.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"

namespace brunt {

struct ScenarioView {
  std::string name;
  std::string description;  // "50 VUs for 30s", "500/s for 1m, up to 100 VUs"
  Duration elapsed{};       // Since the scenario's own start; zero before.
  Duration duration{};      // Planned, without graceful stop; zero: until its iterations are done.
  std::uint64_t iterations_done = 0;
  std::uint64_t iterations_planned = 0;  // Zero: as many as there is time for.
  std::uint64_t vus_active = 0;
  std::uint64_t vus_max = 0;
  bool started = false;
  bool ended = false;
};

// Figures of the last second, and totals since the start.
struct Progress {
  Duration elapsed{};
  Duration duration{};  // The longest scenario's end, without graceful stop.
  std::string phase;    // "starting postgres", "warm-up", "running", "stopping"
  std::vector<ScenarioView> scenarios;
  std::vector<std::string> faults;  // In force: "cache frozen".
  double requests_each_second = 0;
  double iterations_each_second = 0;
  Duration p50{}, p95{},
      p99{};  // Of http_req_duration in the last second; zero where there was no request.
  double messages_each_second = 0;  // Of WebSockets and streams, both ways.
  std::uint64_t messages = 0;
  std::uint64_t requests = 0, failed = 0, dropped = 0, interrupted = 0;  // Since the start.
  std::uint64_t failed_last_second = 0;
  double generator_cpu = 0;  // Busiest generator thread: 1.0 is one core.
  Duration slip_p99{};       // Of the last second; zero for closed models.
};

// Receives what happens. Called on the conductor's thread; must not block for long.
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  virtual void phase(const std::string& text) = 0;  // "starting postgres", "report written to …"
  virtual void warning(const std::string& text) = 0;
  virtual void second(const Progress& progress) = 0;
  virtual void ended() = 0;  // The last progress has been given: clear the view.
};

}  // namespace brunt
