#include "load/scenario_options.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"
#include "base/units.h"

namespace brunt {
namespace {

constexpr std::array<std::string_view, 7> executor_names = {
    "constant-vus",          "ramping-vus",          "per-vu-iterations",    "shared-iterations",
    "constant-arrival-rate", "ramping-arrival-rate", "externally-controlled"};

std::unexpected<Error> bad(std::string_view field, std::string_view text) {
  return fail(ErrorCode::invalid, std::string(field) + ": " + std::string(text));
}

Result<> validate_name(const std::string& name) {
  const auto allowed = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-';
  };
  if (name.empty() || !std::all_of(name.begin(), name.end(), allowed))
    return bad("name", "'" + name + "' may hold only letters, digits, _ and -");
  return {};
}

Result<> validate_span(std::string_view field, Duration value, const ScenarioLimits& limits) {
  if (value < Duration::zero()) return bad(field, "must not be negative");
  if (value > limits.duration_max)
    return bad(field, "must be at most " + format_duration(limits.duration_max));
  return {};
}

Result<> validate_run(std::string_view field, Duration value, const ScenarioLimits& limits) {
  TRY(validate_span(field, value, limits));
  if (value < limits.duration_min)
    return bad(field, "is " + format_duration(value) + "; it must be at least " +
                          format_duration(limits.duration_min));
  return {};
}

Result<> validate_duration(const ScenarioOptions& options, const ScenarioLimits& limits) {
  if (!options.duration)
    return bad("duration", std::string(name_of(options.executor)) + " needs one, such as 30s");
  return validate_run("duration", *options.duration, limits);
}

Result<> validate_vus(std::string_view field, std::uint64_t vus, const ScenarioLimits& limits) {
  if (vus == 0) return bad(field, "must be at least 1");
  if (vus > limits.vus_max)
    return bad(field, "must be at most " + format_count(static_cast<double>(limits.vus_max)));
  return {};
}

Result<> validate_stages(const ScenarioOptions& options, double start, double target_max,
                         const ScenarioLimits& limits) {
  const std::string executor(name_of(options.executor));
  if (options.stages.empty()) return bad("stages", executor + " needs at least one stage");
  Duration total{};
  double highest = start;
  for (std::size_t i = 0; i < options.stages.size(); ++i) {
    const Stage& stage = options.stages[i];
    const std::string where = "stages[" + std::to_string(i) + "]";
    TRY(validate_span(where + ".duration", stage.duration, limits));
    if (!std::isfinite(stage.target) || stage.target < 0)
      return bad(where + ".target", "must be 0 or more");
    if (stage.target > target_max)
      return bad(where + ".target", "must be at most " + format_count(target_max));
    if (!is_open(options.executor) && stage.target != std::floor(stage.target))
      return bad(where + ".target", "must be a whole number of VUs");
    total += stage.duration;
    highest = std::max(highest, stage.target);
    if (total > limits.duration_max)
      return bad("stages", "together last longer than " + format_duration(limits.duration_max));
  }
  if (total == Duration::zero()) return bad("stages", "together last 0s; give one a duration");
  if (highest == 0) {
    if (is_open(options.executor))
      return bad("stages", "startRate or one of the targets must be more than 0");
    return bad("stages", "startVUs or one of the targets must be more than 0");
  }
  return {};
}

Result<> validate_open(const ScenarioOptions& options, const ScenarioLimits& limits) {
  if (options.time_unit <= Duration::zero()) return bad("timeUnit", "must be more than 0");
  TRY(validate_span("timeUnit", options.time_unit, limits));
  if (!options.pre_allocated_vus)
    return bad("preAllocatedVUs", std::string(name_of(options.executor)) +
                                      " needs it: how many VUs are ready at the start");
  if (options.max_vus && *options.max_vus < *options.pre_allocated_vus)
    return bad("maxVUs", "is " + std::to_string(*options.max_vus) +
                             "; it must not be less than preAllocatedVUs (" +
                             std::to_string(*options.pre_allocated_vus) + ")");
  return validate_vus(options.max_vus ? "maxVUs" : "preAllocatedVUs", options.vus_max(), limits);
}

Result<> validate_rate(const ScenarioOptions& options, double rate_max) {
  if (!options.rate) return bad("rate", "constant-arrival-rate needs one, such as 500");
  if (!std::isfinite(*options.rate) || *options.rate <= 0)
    return bad("rate", "must be more than 0");
  if (*options.rate > rate_max) return bad("rate", "must be at most " + format_count(rate_max));
  return {};
}

Result<> validate_iterations_by_vu(const ScenarioOptions& options) {
  const auto& each = options.iterations_by_vu;
  if (each.empty()) return {};
  if (each.size() != options.vus)
    return bad("iterations", "there are " + std::to_string(each.size()) + " numbers for " +
                                 std::to_string(options.vus) + " VUs");
  const auto none = std::ranges::find(each, std::uint64_t{0});
  if (none != each.end())
    return bad("iterations", "is 0 for VU " + std::to_string(none - each.begin() + 1) +
                                 "; it must be at least 1 for each");
  return {};
}

Result<> validate_controlled(const ScenarioOptions& options, const ScenarioLimits& limits) {
  if (options.max_vus && *options.max_vus < options.vus)
    return bad("maxVUs", "is " + std::to_string(*options.max_vus) +
                             "; it must not be less than vus (" + std::to_string(options.vus) +
                             ")");
  TRY(validate_vus(options.max_vus ? "maxVUs" : "vus", options.vus_max(), limits));
  if (!options.duration)
    return bad("duration",
               "externally-controlled needs one, such as 10m; 0s goes on until it is "
               "stopped");
  return validate_span("duration", *options.duration, limits);
}

Result<> validate_executor(const ScenarioOptions& options, const ScenarioLimits& limits) {
  const double rate_max = limits.rate_each_second_max * seconds_of(options.time_unit);
  switch (options.executor) {
    case ExecutorKind::constant_vus:
      TRY(validate_vus("vus", options.vus, limits));
      return validate_duration(options, limits);
    case ExecutorKind::ramping_vus:
      if (options.start_vus > 0) TRY(validate_vus("startVUs", options.start_vus, limits));
      return validate_stages(options, static_cast<double>(options.start_vus),
                             static_cast<double>(limits.vus_max), limits);
    case ExecutorKind::shared_iterations:
    case ExecutorKind::per_vu_iterations:
      TRY(validate_vus("vus", options.vus, limits));
      TRY(validate_iterations_by_vu(options));
      TRY(validate_span("rampUp", options.ramp_up, limits));
      if (options.ramp_up > Duration::zero() && options.ramp_up >= options.max_duration)
        return bad("rampUp", "must be shorter than maxDuration (" +
                                 format_duration(options.max_duration) + ")");
      if (options.iterations == 0) return bad("iterations", "must be at least 1");
      if (options.executor == ExecutorKind::shared_iterations && options.iterations < options.vus)
        return bad("iterations", "is " + std::to_string(options.iterations) +
                                     "; it must not be less than vus (" +
                                     std::to_string(options.vus) + "), or some VUs have nothing");
      return validate_run("maxDuration", options.max_duration, limits);
    case ExecutorKind::constant_arrival_rate:
      TRY(validate_open(options, limits));
      TRY(validate_rate(options, rate_max));
      return validate_duration(options, limits);
    case ExecutorKind::ramping_arrival_rate:
      TRY(validate_open(options, limits));
      if (!std::isfinite(options.start_rate) || options.start_rate < 0)
        return bad("startRate", "must be 0 or more");
      if (options.start_rate > rate_max)
        return bad("startRate", "must be at most " + format_count(rate_max));
      return validate_stages(options, options.start_rate, rate_max, limits);
    case ExecutorKind::externally_controlled:
      return validate_controlled(options, limits);
  }
  return bad("executor", "is unknown");
}

}  // namespace

std::string_view name_of(ExecutorKind kind) {
  return executor_names[static_cast<std::size_t>(kind)];
}

Result<ExecutorKind> parse_executor(std::string_view name) {
  const auto at = std::find(executor_names.begin(), executor_names.end(), name);
  if (at == executor_names.end())
    return fail(ErrorCode::invalid, "executor: '" + std::string(name) + "' is unknown" +
                                        did_you_mean(name, executor_names));
  return static_cast<ExecutorKind>(at - executor_names.begin());
}

bool is_open(ExecutorKind kind) {
  return kind == ExecutorKind::constant_arrival_rate || kind == ExecutorKind::ramping_arrival_rate;
}

void ScenarioOptions::choose(ExecutorKind kind) {
  executor = kind;
  if (kind == ExecutorKind::externally_controlled) graceful_stop = graceful_ramp_down = Duration{};
}

std::uint64_t ScenarioOptions::vus_max() const {
  if (executor == ExecutorKind::externally_controlled) return max_vus.value_or(vus);
  if (is_open(executor)) return std::max(max_vus.value_or(0), pre_allocated_vus.value_or(0));
  if (executor != ExecutorKind::ramping_vus) return vus;
  double highest = static_cast<double>(start_vus);
  for (const Stage& stage : stages) highest = std::max(highest, stage.target);
  return static_cast<std::uint64_t>(highest);
}

Duration ScenarioOptions::planned_duration() const {
  switch (executor) {
    case ExecutorKind::constant_vus:
    case ExecutorKind::constant_arrival_rate:
      return duration.value_or(Duration::zero());
    case ExecutorKind::externally_controlled:
      return duration && *duration > Duration::zero() ? *duration : ScenarioLimits{}.duration_max;
    case ExecutorKind::per_vu_iterations:
    case ExecutorKind::shared_iterations:
      return max_duration;
    case ExecutorKind::ramping_vus:
    case ExecutorKind::ramping_arrival_rate:
      break;
  }
  Duration total{};
  for (const Stage& stage : stages) total += stage.duration;
  return total;
}

Result<> validate(const ScenarioOptions& options, const ScenarioLimits& limits) {
  TRY(validate_name(options.name));
  TRY(validate_span("startTime", options.start_time, limits));
  TRY(validate_span("gracefulStop", options.graceful_stop, limits));
  TRY(validate_span("gracefulRampDown", options.graceful_ramp_down, limits));
  TRY(validate_span("minIterationDuration", options.min_iteration_duration, limits));
  return validate_executor(options, limits);
}

}  // namespace brunt
