// What a scenario is told: its executor and all the executor's fields, with k6's names and
// defaults. A clean value: the plan's reader, the k6 bridge and the command line fill it;
// validate() says what is wrong in words.
//
//   ScenarioOptions options{.name = "browse", .executor = ExecutorKind::constant_arrival_rate,
//                           .duration = 30s, .rate = 500, .pre_allocated_vus = 50};
//   TRY(validate(options));
//
// Fields that an executor does not know are ignored here (readers refuse them, with the line).
// docs/reference/executors.md has the table of what belongs to which.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace brunt {

enum class ExecutorKind : std::uint8_t {
  constant_vus,
  ramping_vus,
  per_vu_iterations,
  shared_iterations,
  constant_arrival_rate,
  ramping_arrival_rate,
  externally_controlled,
};

std::string_view name_of(ExecutorKind kind);  // As plans write it: "constant-vus".
// Errors: invalid, with the nearest known name.
Result<ExecutorKind> parse_executor(std::string_view name);
// The open model: iterations start on time, not when a VU is free.
bool is_open(ExecutorKind kind);

// A straight line from the previous target to this one. 0 s is a jump.
struct Stage {
  Duration duration{};
  double target = 0;  // VUs (whole), or starts for each time_unit.
  friend bool operator==(const Stage&, const Stage&) = default;
};

// How arrivals lie in time: evenly, as k6, or as a Poisson process of the same intensity.
enum class Arrivals : std::uint8_t { even, poisson };

// What happens to an arrival that is due while every VU is busy: it starts late, in order, by the
// first VU that becomes free (and its response time counts from when it was due); or never (k6).
enum class WhenBusy : std::uint8_t { queue, drop };

// Which of several free VUs an arrival gets. The most recently freed one has its data in the
// processor's caches, and no more VUs (hence connections) are in use than the load needs; those
// that are not needed stay idle, and a server may close their connections. longest_free takes turns
// as k6 does, which keeps every VU's connection and data in use.
enum class VuChoice : std::uint8_t { most_recently_freed, longest_free };

// When a VU's `before:` runs. Arrival-rate executors always prepare their pre-allocated VUs before
// the start, or the first arrivals would find none free.
enum class VuPreparation : std::uint8_t { when_it_starts, before_the_scenario };

struct ScenarioOptions {
  std::string name = "default";  // [0-9a-zA-Z_-]+
  ExecutorKind executor = ExecutorKind::constant_vus;
  Duration start_time{};  // With `start_after`: the latest that is possible.
  // Another scenario's name: this one starts `start_delay` after that one has ended.
  std::string start_after;
  Duration start_delay{};
  Duration graceful_stop = std::chrono::seconds(30);
  Duration min_iteration_duration{};  // A VU that was faster pauses for the rest.

  // Closed model.
  std::uint64_t vus = 1;        // All but ramping-vus; externally-controlled begins with them.
  std::uint64_t start_vus = 1;  // ramping-vus.
  std::uint64_t iterations = 1;
  // per-vu-iterations: of each VU by its number in the scenario, instead of `iterations`; empty, or
  // as many as `vus`.
  std::vector<std::uint64_t> iterations_by_vu;
  Duration max_duration = std::chrono::minutes(10);  // The two iteration executors.
  Duration ramp_up{};  // per-vu-iterations: VUs start evenly over this time instead of all at once.
  Duration graceful_ramp_down = std::chrono::seconds(30);
  VuPreparation preparation = VuPreparation::when_it_starts;

  // Required by constant-vus, constant-arrival-rate and externally-controlled, which goes on for
  // ever where it is 0.
  std::optional<Duration> duration;
  std::vector<Stage> stages;  // Required by the two ramping executors.

  // Open model.
  std::optional<double> rate;  // Starts for each time_unit. Required by constant-arrival-rate.
  double start_rate = 0;
  Duration time_unit = std::chrono::seconds(1);
  std::optional<std::uint64_t> pre_allocated_vus;  // Required.
  // pre_allocated_vus when not given; of externally-controlled `vus`.
  std::optional<std::uint64_t> max_vus;
  Arrivals arrivals = Arrivals::even;
  std::uint64_t arrivals_seed = 1;  // For poisson.
  WhenBusy when_busy = WhenBusy::queue;
  VuChoice vu_choice = VuChoice::most_recently_freed;

  // Sets the executor with what is the default for it: externally-controlled has no grace.
  void choose(ExecutorKind kind);
  std::uint64_t iterations_of(std::uint64_t vu_in_scenario) const {  // From 1.
    return iterations_by_vu.empty() ? iterations : iterations_by_vu[vu_in_scenario - 1];
  }
  std::uint64_t vus_max() const;      // The most VUs this scenario can have.
  Duration planned_duration() const;  // Without start_time and graceful_stop.
};

// Limits on what can be asked for; beyond is `invalid`.
struct ScenarioLimits {
  std::uint64_t vus_max = 100'000'000;              // k6's.
  double rate_each_second_max = 1e9;                // Instants are whole nanoseconds.
  Duration duration_min = std::chrono::seconds(1);  // k6's, for duration and max_duration.
  Duration duration_max = std::chrono::hours(24 * 365);
};

// Call it on what the user wrote, before any time-scale. Errors: invalid; the text begins with the
// field as plans write it.
Result<> validate(const ScenarioOptions& options, const ScenarioLimits& limits = {});

}  // namespace brunt
