#include "step/step_context.h"

#include <algorithm>
#include <array>
#include <utility>

#include "plan/link_plan.h"

namespace brunt {

TagSetId scenario_tags(Recorder& recorder, const Plan& plan, const Tags& own,
                       const std::string& name) {
  std::vector<Tag> tags;
  for (const auto& [key, value] : plan.tags) tags.push_back({key, value});
  for (const auto& [key, value] : own) tags.push_back({key, value});
  tags.push_back({"scenario", name});
  return recorder.tags().with(TagSetId::none, tags);
}

Result<ScenarioContext> ScenarioContext::create(StepContext& context, std::uint32_t index,
                                                LoadModel model) {
  const Scenario& scenario = context.plan.scenarios[index];
  ScenarioContext parts{.shared = context, .scenario = scenario, .index = index};
  parts.members = seen_by_scenario(context.plan, context.members, index);
  const Scope scope{.members = parts.members, .scenario = scenario.name};
  auto target = scenario.target.expand(scope);
  if (!target) return fail_in("scenarios." + scenario.name + ".target", target.error());
  parts.target = std::move(*target);
  while (parts.target.ends_with('/')) parts.target.pop_back();
  parts.session.cookies = scenario.defaults.cookies;
  parts.session.client.server_name = context.plan.tls.server_name;
  if (context.plan.tls.http2) parts.session.client.versions = HttpVersions::http1_and_2;
  parts.tags = scenario_tags(context.recorder, context.plan, scenario.tags, scenario.name);
  parts.model = model;
  return parts;
}

std::uint32_t ScenarioContext::session_slot(std::string key) {
  const auto found = std::ranges::find(session_keys, key);
  const auto slot = static_cast<std::uint32_t>(found - session_keys.begin());
  if (found == session_keys.end()) session_keys.push_back(std::move(key));
  return slot;
}

Result<std::string> ScenarioContext::target_of(const Template& own) const {
  if (own.empty()) return target;
  return own.expand({.members = members, .scenario = scenario.name});
}

TagSetId ScenarioContext::request_tags(std::string_view name, const Tags& own) const {
  std::vector<Tag> with = {{"name", std::string(name)}, {"group", ""}};
  for (const auto& [key, value] : own) with.push_back({key, value});
  return shared.recorder.tags().with(tags, with);
}

std::unique_ptr<VuState>& session_of(const ScenarioContext& scenario, PlanVu& vu,
                                     std::uint32_t slot) {
  if (vu.sessions.size() <= slot) vu.sessions.resize(scenario.session_keys.size());
  return vu.sessions[slot];
}

bool is_news(ScenarioContext& scenario, const RequestFailure& failure) {
  constexpr std::array plain = {ErrorCode::refused, ErrorCode::reset, ErrorCode::timeout,
                                ErrorCode::cancelled};
  if (std::ranges::find(plain, failure.cause) != plain.end()) return false;
  // A script's failures are logged one by one; what the machine lacks is not the script's.
  if (scenario.scenario.script && failure.cause != ErrorCode::exhausted) return false;
  if (std::ranges::find(scenario.told, failure.message) != scenario.told.end()) return false;
  scenario.told.push_back(failure.message);
  return true;
}

void begin_samples(ScenarioContext& scenario, const PlanVu& vu) {
  Recorder& recorder = scenario.shared.recorder;
  if (recorder.tapping())
    recorder.stamp({.at = scenario.shared.loop.wall(),
                    .vu = static_cast<std::uint32_t>(vu.id),
                    .iteration = vu.iteration});
}

Scope scope_of(const ScenarioContext& scenario, PlanVu& vu) {
  return {.slots = vu.slots,
          .rows = vu.rows,
          .members = scenario.members,
          .scenario = scenario.scenario.name,
          .vu = vu.id,
          .vu_in_scenario = vu.id_in_scenario,
          .iteration = vu.iteration,
          .iteration_in_test = vu.iteration_in_test,
          .prng = &vu.prng,
          .now = scenario.shared.loop.wall()};
}

}  // namespace brunt
