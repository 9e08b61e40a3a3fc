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
  int long_turns = 1;           // Of `lag` each.
  int on_time = 500, late = 0;  // Starts; a closed model has none.
  Duration lateness = 100ms;
  Duration delay{};  // Of the lateness what is the generator's own doing.
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
    const bool held_up = report.lag >= 10ms;
    add(MetricId::generator_held_up, held_up ? time_value(report.lag) * report.long_turns : 0);
    for (int i = 0; i < report.on_time + report.late; ++i) {
      const bool late = i >= report.on_time;
      add(MetricId::generator_schedule_slip, time_value(late ? report.lateness : 100us));
      if (late && report.delay > 0ms) add(MetricId::generator_delay, time_value(report.delay));
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
       "10% of the iterations started more than 10.0ms late for want of time"},
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
         if (second % 10 != 9) return Report{};
         return Report{.cpu = 0.4, .lag = 300ms, .on_time = 300, .late = 200, .delay = 100ms};
       },
       "4% of the iterations started more than 10.0ms late"},
      {"late through an outage of the service in a second in which the loop was held up too",
       [](int second) {
         if (second != 8) return Report{};
         return Report{.cpu = 0.4, .lag = 120ms, .on_time = 0, .late = 1000, .lateness = 2s};
       },
       ""},
      {"late by turns that are not long, again and again, with time to spare",
       [](int) {
         return Report{.lag = 30ms, .on_time = 450, .late = 50, .lateness = 30ms, .delay = 30ms};
       },
       "10% of the iterations started more than 10.0ms late"},
      {"through an outage while its core is used up, which may be why no VU is free",
       [](int second) {
         if (second != 8) return Report{};
         return Report{.cpu = 0.98, .on_time = 0, .late = 1000, .lateness = 2s};
       },
       "9.52% of the iterations started more than 10.0ms late"},
      {"a closed model whose loop is held up in every fourth second",
       [](int second) {
         return Report{.lag = second % 4 == 0 ? Duration(80ms) : Duration(1ms), .on_time = 0};
       },
       "for 2% of the time its loop was held up (in 5 of 20 seconds by 50.0ms or more, longest "
       "80.0ms)"},
      {"a closed model with a short turn too many in every seventh second",
       [](int second) {
         return Report{.lag = second % 7 == 0 ? Duration(60ms) : Duration(1ms), .on_time = 0};
       },
       ""},
      {"a closed model with many long turns in few seconds",
       [](int second) {
         if (second > 2) return Report{.on_time = 0};
         return Report{.lag = 60ms, .long_turns = 10, .on_time = 0};
       },
       "for 9% of the time its loop was held up (in 3 of 20 seconds"},
      {"a closed model that stood still for seconds, once",
       [](int second) {
         return Report{.lag = second == 4 ? Duration(3s) : Duration(1ms), .on_time = 0};
       },
       "for 15% of the time"},
      {"a closed model with two long turns",
       [](int second) {
         return Report{.lag = second < 2 ? Duration(80ms) : Duration(1ms), .on_time = 0};
       },
       ""},
      {"arrivals dropped for want of VUs", [](int) { return Report{.dropped = 100}; }, ""},
      {"arrivals dropped while its core is used up",
       [](int) { return Report{.cpu = 0.98, .dropped = 100}; },
       "16.7% of the arrivals were dropped because it had no time"},
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
