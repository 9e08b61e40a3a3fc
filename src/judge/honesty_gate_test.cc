#include "judge/honesty_gate.h"

#include <doctest/doctest.h>

#include <functional>

#include "metrics/recorder.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;

// What one generator reports of one second.
struct Report {
  double cpu = 0.3;
  Duration lag = 1ms;
  int on_time = 500, late = 0;  // Starts; a closed model has none.
  Duration lateness = 100ms;
  Duration response = 5ms;
  int dropped = 0, dropped_by_generator = 0;
};

GeneratorHealth play(int seconds, const std::function<Report(int)>& report_of) {
  const MetricRegistry registry;
  Recorder recorder(registry);
  Totals totals;
  HonestyGate gate;
  const auto add = [&](MetricId metric, double value) {
    recorder.series(metric, TagSetId::none).add(value);
  };
  for (int second = 0; second < seconds; ++second) {
    const Report report = report_of(second);
    add(MetricId::generator_cpu, report.cpu);
    add(MetricId::generator_loop_lag, time_value(report.lag));
    for (int i = 0; i < report.on_time + report.late; ++i) {
      const bool late = i >= report.on_time;
      add(MetricId::generator_schedule_slip, time_value(late ? report.lateness : 100us));
      add(MetricId::response_time, time_value(report.response));
      add(MetricId::iterations, 1);
    }
    if (report.dropped > 0) add(MetricId::dropped_iterations, report.dropped);
    if (report.dropped_by_generator > 0)
      add(MetricId::generator_dropped, report.dropped_by_generator);
    REQUIRE(totals.merge(0, recorder.freeze(second)));
    gate.observe(totals.close_second(second));
  }
  return gate.health();
}

}  // namespace

TEST_CASE("a generator with time to spare gets no complaint, and its figures are told") {
  const GeneratorHealth health = play(20, [](int) { return Report{}; });
  CHECK(health.complaint == "");
  CHECK_FALSE(health.saturated);
  CHECK(health.seconds == 20);
  CHECK(health.starts == 10'000);
  CHECK(health.slip_p50 >= 100us);
  CHECK(health.slip_p99 < 101us);
  CHECK(health.cpu_max == 0.3);
  CHECK(health.cpu_mean == doctest::Approx(0.3));
  CHECK(health.lag_max == 1ms);
}

TEST_CASE("the generator is blamed for what it caused and for nothing else") {
  struct Row {
    const char* name;
    std::function<Report(int)> report;
    const char* complaint;  // A part of it; "" for none.
  };
  const Row rows[] = {
      {"late while its core is used up",
       [](int) { return Report{.cpu = 0.98, .on_time = 450, .late = 50}; },
       "10% of the iterations started more than 10.0ms late while its thread was busy"},
      {"late because all VUs wait for a stalled target",
       [](int second) {
         return second == 8 ? Report{.on_time = 0, .late = 1000, .lateness = 2s} : Report{};
       },
       ""},
      {"one start in two hundred is late",
       [](int) { return Report{.cpu = 0.99, .on_time = 995, .late = 5}; }, ""},
      {"late, but by little for a service that takes seconds",
       [](int) {
         return Report{.cpu = 0.98, .on_time = 450, .late = 50, .lateness = 150ms, .response = 2s};
       },
       ""},
      {"late in seconds in which something else held the loop up",
       [](int second) {
         return second % 10 == 9 ? Report{.cpu = 0.4, .lag = 300ms, .on_time = 300, .late = 200}
                                 : Report{};
       },
       "4% of the iterations started more than 10.0ms late"},
      {"a closed model whose loop is held up in every fourth second",
       [](int second) {
         return Report{.lag = second % 4 == 0 ? Duration(80ms) : Duration(1ms), .on_time = 0};
       },
       "in 25% of the seconds its loop was held up for 50.0ms or more (longest 80.0ms)"},
      {"a closed model with two long turns",
       [](int second) {
         return Report{.lag = second < 2 ? Duration(80ms) : Duration(1ms), .on_time = 0};
       },
       ""},
      {"arrivals dropped for want of VUs", [](int) { return Report{.dropped = 100}; }, ""},
      {"arrivals dropped for want of time",
       [](int) { return Report{.dropped = 100, .dropped_by_generator = 50}; },
       "8.33% of the arrivals were dropped because it had no time"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const GeneratorHealth health = play(20, row.report);
    CAPTURE(health.complaint);
    if (*row.complaint == '\0')
      CHECK(health.complaint == "");
    else
      CHECK(health.complaint.find(row.complaint) != std::string::npos);
  }
}

TEST_CASE("a run as fast as its generator is saturated, one busy second is not") {
  CHECK(play(10, [](int) { return Report{.cpu = 0.99, .on_time = 0}; }).saturated);
  CHECK(play(10, [](int s) { return Report{.cpu = s < 5 ? 0.99 : 0.5, .on_time = 0}; }).saturated);
  CHECK_FALSE(
      play(10, [](int s) { return Report{.cpu = s < 4 ? 0.99 : 0.5, .on_time = 0}; }).saturated);
  CHECK_FALSE(play(1, [](int) { return Report{.cpu = 0.99, .on_time = 0}; }).saturated);
}

TEST_CASE("a run of which nothing is known gets no complaint") {
  const GeneratorHealth health = play(0, [](int) { return Report{}; });
  CHECK(health.complaint == "");
  CHECK(health.seconds == 0);
}

}  // namespace brunt
