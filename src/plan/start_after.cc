#include "plan/start_after.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "base/units.h"
#include "plan/dependency_order.h"

namespace brunt {
namespace {

struct Start {
  ScenarioOptions* load;
  std::string scenario;  // As StartError has it.
};

std::vector<Start> starts_of(Plan& plan) {
  std::vector<Start> starts;
  for (Scenario& scenario : plan.scenarios)
    if (scenario.weight == 0) starts.push_back({&scenario.load, scenario.name});
  if (plan.shared_load) starts.push_back({&*plan.shared_load, ""});
  return starts;
}

std::string why_unknown(const Plan& plan, const std::vector<Start>& starts,
                        const std::string& name) {
  if (std::ranges::find(plan.scenarios, name, &Scenario::name) != plan.scenarios.end())
    return fmt::format("{} shares the plan's `load:`, so it has no end of its own", name);
  std::vector<std::string_view> names;
  for (const Start& start : starts) names.emplace_back(start.load->name);
  return fmt::format("there is no scenario \"{}\"{}", name, did_you_mean(name, names));
}

}  // namespace

Result<StartAfter> parse_start_after(std::string_view text) {
  const std::size_t plus = text.find('+');
  StartAfter after{.scenario = std::string(trim(text.substr(0, plus))), .delay = {}};
  if (after.scenario.empty() || after.scenario.contains(' '))
    return fail(ErrorCode::invalid,
                fmt::format("\"{}\" is neither a scenario nor a scenario + a duration, like "
                            "climb + 60s",
                            text));
  if (plus != std::string_view::npos)
    after.delay = TRY(parse_duration(trim(text.substr(plus + 1))));
  return after;
}

std::optional<StartError> place_starts(Plan& plan) {
  const std::vector<Start> starts = starts_of(plan);
  std::vector<Dependent> needs;
  for (const Start& start : starts) {
    Dependent& own = needs.emplace_back(Dependent{.name = start.load->name, .needs = {}});
    const std::string& name = start.load->start_after;
    if (name.empty()) continue;
    const auto before =
        std::ranges::find_if(starts, [&](const Start& other) { return other.load->name == name; });
    if (before == starts.end()) return StartError{start.scenario, why_unknown(plan, starts, name)};
    own.needs.push_back(static_cast<std::uint32_t>(before - starts.begin()));
  }
  const auto order = dependency_order(needs);
  if (!order) {
    const auto first = std::ranges::find_if(
        starts, [](const Start& start) { return !start.load->start_after.empty(); });
    return StartError{first->scenario, "none of them could ever start: " + order.error().text};
  }
  for (const std::uint32_t index : *order) {
    if (needs[index].needs.empty()) continue;
    ScenarioOptions& load = *starts[index].load;
    const ScenarioOptions& before = *starts[needs[index].needs.front()].load;
    load.start_time =
        before.start_time + before.planned_duration() + before.graceful_stop + load.start_delay;
  }
  return std::nullopt;
}

}  // namespace brunt
