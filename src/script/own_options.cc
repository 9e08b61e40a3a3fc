#include "script/own_options.h"

#include <fmt/format.h>

#include "base/units.h"

namespace brunt {

Result<> read_own_options(const Json& ext, ScriptPlace place, Plan& plan, ScriptBundle& bundle) {
  constexpr std::string_view where = "options.ext.brunt";
  const Json* own = ext.find("brunt");
  if (own == nullptr || own->is_null()) return {};
  if (!own->is_object())
    return fail(ErrorCode::invalid, fmt::format("{}: an object like {{ warmUp: \"30s\" }}, not {}",
                                                where, own->dump()));
  for (const auto& [name, value] : own->object()) {
    if (name != "warmUp")
      return fail(ErrorCode::invalid,
                  fmt::format("{}.{}: there is no such option; there is warmUp", where, name));
    const auto warm_up = parse_duration(value.text());
    if (!warm_up) return fail_in(fmt::format("{}.warmUp", where), warm_up.error());
    if (place == ScriptPlace::alone)
      plan.warmup = *warm_up;
    else
      bundle.warnings.push_back(
          fmt::format("{}: {}.warmUp has no effect in a plan, whose own `warmup:` counts",
                      bundle.entry, where));
  }
  return {};
}

Result<> check_warm_up(const Plan& plan) {
  if (plan.warmup) return {};
  for (const Expectation& one : plan.expectations)
    if (one.threshold.condition.scope == ThresholdScope::after_warm_up)
      return fail(ErrorCode::invalid,
                  fmt::format("options.thresholds.{}: \"{}\" needs to know the warm-up: say "
                              "--warm-up 30s, or ext: {{ brunt: {{ warmUp: \"30s\" }} }} in the "
                              "script's options",
                              one.threshold.selector.text(), one.threshold.condition.text));
  return {};
}

}  // namespace brunt
