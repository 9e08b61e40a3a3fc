#include "plan/time_scale.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "plan/start_after.h"

namespace brunt {
namespace {

class Scaler {
 public:
  explicit Scaler(double factor) : factor_(factor) {}

  void shorten(Duration& duration) const {
    // A factor below 1 lengthens; nothing gets longer than a century.
    constexpr double longest_ns = 100.0 * 365 * 86'400 * 1e9;
    const double scaled = static_cast<double>(duration.count()) / factor_;
    duration = Duration(static_cast<Duration::rep>(std::llround(std::min(scaled, longest_ns))));
  }

  Result<> scale(ScenarioOptions& load) const {
    shorten(load.start_time);
    shorten(load.start_delay);
    shorten(load.min_iteration_duration);
    shorten(load.ramp_up);
    if (load.duration) shorten(*load.duration);
    for (Stage& stage : load.stages) {
      shorten(stage.duration);
      if (is_open(load.executor)) stage.target *= factor_;
    }
    if (load.rate) *load.rate *= factor_;
    load.start_rate *= factor_;
    // What is left of a duration may be shorter than one may write; all other limits stay.
    const auto valid = validate(load, {.duration_min = Duration::zero()});
    return valid ? Result<>() : fail_in(fmt::format("--time-scale {}", factor_), valid.error());
  }

  void scale(std::vector<Step>& steps) const {
    for (Step& step : steps) {
      if (auto* think = std::get_if<ThinkStep>(&step.kind)) {
        shorten(think->pause.low);
        shorten(think->pause.high);
      } else if (auto* loop = std::get_if<LoopStep>(&step.kind)) {
        scale(loop->steps);
      } else if (auto* branch = std::get_if<IfStep>(&step.kind)) {
        scale(branch->then_steps);
        scale(branch->else_steps);
      } else if (auto* parallel = std::get_if<ParallelStep>(&step.kind)) {
        scale(parallel->steps);
      }
    }
  }

  Result<> scale(ServicePlan& service) const {
    auto* builtin = std::get_if<BuiltinService>(&service.kind);
    if (builtin == nullptr) return {};
    for (ServiceOption& option : builtin->with) {
      if (option.name != "rate") continue;
      if (!option.value.is_constant())
        return fail(ErrorCode::invalid,
                    fmt::format("the rate of the service {} cannot be scaled: it "
                                "is not known before the run",
                                service.name));
      const auto rate = parse_rate(option.value.text());
      if (!rate) return fail_in(fmt::format("services.{}.with.rate", service.name), rate.error());
      option.value = Template::constant(fmt::format("{}/s", rate->each_second() * factor_));
    }
    return {};
  }

  void scale(FaultSpec& fault) const {
    for (DurationRange* range :
         {fault.up ? &*fault.up : nullptr, fault.down ? &*fault.down : nullptr, &fault.lasts}) {
      if (range == nullptr) continue;
      shorten(range->low);
      shorten(range->high);
    }
    for (Duration& at : fault.at) shorten(at);
  }

 private:
  double factor_;
};

}  // namespace

Result<> apply_time_scale(Plan& plan, double factor) {
  if (!(factor > 0) || !std::isfinite(factor))
    return fail(ErrorCode::invalid, fmt::format("--time-scale {}: it has to be above 0", factor));
  plan.time_scale *= factor;
  if (factor == 1) return {};
  const Scaler scaler(factor);
  if (plan.warmup) scaler.shorten(*plan.warmup);
  if (plan.shared_load) TRY(scaler.scale(*plan.shared_load));
  for (Scenario& scenario : plan.scenarios) {
    if (scenario.weight == 0) TRY(scaler.scale(scenario.load));
    scaler.scale(scenario.before);
    scaler.scale(scenario.steps);
  }
  // Found in order when the plan was read.
  if (const auto error = place_starts(plan)) return fail(ErrorCode::invalid, error->text);
  for (Expectation& expectation : plan.expectations)
    scaler.shorten(expectation.threshold.delay_abort);
  for (FaultPlan& fault : plan.faults) scaler.scale(fault.spec);
  for (ServicePlan& service : plan.services) TRY(scaler.scale(service));
  return {};
}

}  // namespace brunt
