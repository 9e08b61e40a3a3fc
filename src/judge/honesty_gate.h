// Watches the generator itself while a run goes on: was it brunt that was slow?
//
//   HonestyGate gate;
//   gate.observe(rows);                 // each closed second's rows, as ThresholdJudge gets them
//   const GeneratorHealth health = gate.health();
//   if (!health.complaint.empty()) ...  // the figures are not the target's
//
// Reads the generator's own metrics (generator_*), iterations, dropped_iterations, response_time
// and the requests' durations. A late start counts against the generator by as much as it was its
// own doing (generator_delay): an arrival that waits for a VU waits for the target. Only in seconds
// in which its core was used up the whole slip counts: then the VUs were busy because it was slow.
// The bounds and their reasons are in docs/decisions/0007-honesty-gate.md.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "metrics/histogram.h"
#include "metrics/totals.h"

namespace brunt {

struct HonestyBounds {
  double cpu_busy = 0.95;  // Cores, of one generator thread: it has no time left.
  Duration lag_busy = std::chrono::milliseconds(50);  // A loop's turn so long that replies waited.
  Duration start_late = std::chrono::milliseconds(10);
  double median_share = 0.1;     // Both durations grow to this share of the median response time.
  double late_share_max = 0.01;  // Of all starts: beyond it a p99 is ours.
  double held_up_share_max = 0.01;  // Of the time: so many replies waited in the generator.
  // A hiccup spoils no run: in so many seconds, or for so long in all.
  std::uint32_t lag_seconds_min = 3;
  Duration held_up_min = std::chrono::seconds(1);
  double saturated_share = 0.5;  // Of all seconds: the run was as fast as the generator.
};

// What is printed and recorded of the generator, also when all is well.
struct GeneratorHealth {
  std::uint64_t starts = 0;                     // Of open-model iterations; 0: the run had none.
  Duration slip_p50{}, slip_p99{}, slip_max{};  // Actual minus planned start.
  double late_share = 0;                        // Of the starts: late by the generator's own doing.
  double cpu_mean = 0, cpu_max = 0;  // Of the busiest thread in each second; 1.0 is its core.
  double saturated_share = 0;        // Of the seconds: busiest thread at or above cpu_busy.
  Duration lag_p99{}, lag_max{};     // Of the longest turns in each second.
  std::uint32_t lag_seconds = 0;     // With a turn of lag_busy or more ...
  Duration held_up{};                // ... and the time in long turns in these,
  double held_up_share = 0;          // of the whole.
  double dropped_share = 0;          // Of the arrivals: dropped because the generator had no time.
  std::uint32_t seconds = 0;

  bool saturated = false;  // As fast as the generator: a rate is what brunt could send at most.
  std::string complaint;   // Why the run is not valid, in words with figures; "" if it is.
};

class HonestyGate {
 public:
  explicit HonestyGate(const HonestyBounds& bounds) : bounds_(bounds) {}
  HonestyGate() : HonestyGate(HonestyBounds{}) {}

  // Rows ascend by second, as Totals::close_second gives them.
  void observe(std::span<const SecondRow> rows);

  GeneratorHealth health() const;

 private:
  struct Second {
    std::int64_t number = 0;
    Histogram slip, delay;
    double cpu = -1;                    // Busiest thread; -1: not sampled.
    double lag_ms = 0, held_up_ms = 0;  // Of the worst thread.
    double dropped = 0, dropped_by_lateness = 0;
  };
  void observe_row(const SecondRow& row);
  Second& second_of(const SecondRow& row);
  void add_lateness(GeneratorHealth& health, double median_ms) const;
  std::string complaint_of(const GeneratorHealth& health, double median_ms) const;
  void add_hold_ups(GeneratorHealth& health, double median_ms) const;
  double grown(Duration bound, double median_ms) const;

  HonestyBounds bounds_;
  std::vector<Second> seconds_;  // A day is 86,400 of them; only open-model ones hold a histogram.
  Histogram slip_, lag_, response_, service_;
  double iterations_ = 0;
};

}  // namespace brunt
