#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "base/url.h"
#include "plan/read_parts.h"

namespace brunt {
namespace {

std::vector<std::string_view> service_names(const Plan& plan) {
  std::vector<std::string_view> names;
  for (const ServicePlan& service : plan.services) names.emplace_back(service.name);
  return names;
}

// A service's name, or a URL.
void read_target(ReadContext& context, const Field& field, const Plan& plan, Scenario& out) {
  Template target;
  if (!context.read(field, target)) return;
  const std::string text = target.is_constant() ? target.text() : target.source();
  const auto names = service_names(plan);
  const auto found = std::ranges::find(names, text);
  if (found != names.end()) {
    out.target_service = static_cast<std::uint32_t>(found - names.begin());
    const auto compiled = Template::compile(fmt::format("${{{}.url}}", text), *context.names);
    if (compiled)
      out.target = *compiled;
    else
      context.error(field, fmt::format("a service named \"{}\" cannot be a target: {}", text,
                                       compiled.error().text));
    return;
  }
  if (target.is_constant() || !text.starts_with("${")) {
    const std::string fixed = text.substr(0, text.find("${")) + (target.is_constant() ? "" : "x");
    const auto url = parse_url(fixed);
    const bool address = text.starts_with("tcp://") || parse_peer_address(fixed);
    const std::string near = did_you_mean(text, names);
    if (!url && !text.contains("://") && !text.contains(':'))
      context.error(field, fmt::format("\"{}\" is neither a service of this plan{} nor a URL", text,
                                       near.empty() ? "" : " (" + near.substr(2) + ")"));
    else if (!url && !address)
      context.error(field, url.error().text);
  }
  out.target = std::move(target);
}

// An address without a scheme does for a protocol of its own; a path needs a URL to go under.
void check_target(ReadContext& context, const Field& field, const Scenario& scenario) {
  if (!field || !scenario.target.is_constant() || scenario.target.empty()) return;
  if (!uses<RequestStep>(scenario.before) && !uses<RequestStep>(scenario.steps)) return;
  if (const auto url = parse_url(scenario.target.text());
      !url && parse_peer_address(scenario.target.text()))
    context.error(field, url.error().text);
}

void read_environment(ReadContext& context, const Field& field, NameTable& names) {
  if (!field) return;
  EnvironmentSymbol environment;
  if (const Symbol* outer = context.names->find("env"))
    environment = std::get<EnvironmentSymbol>(*outer);
  MapReader map(context, field);
  for (const YamlNode::Member& member : map.members()) {
    std::string value;
    if (context.read(map.member(member), value)) environment.values[member.key] = value;
  }
  // Cannot fail: `env` may be hidden by another.
  static_cast<void>(names.add("env", std::move(environment), "environment", {}));
}

void read_subjects(ReadContext& context, const Field& field, Subjects& out) {
  std::string word;
  if (!context.read(field, word)) return;
  if (word == "client")
    out = Subjects::client;
  else if (word != "none")
    context.error(field, fmt::format("\"{}\" is neither client nor none", word));
}

}  // namespace

void read_scenario_load(ReadContext& context, MapReader& map, const Plan& plan, Scenario& out) {
  out.load.name = out.name;
  const Field weight = map.find("weight");
  const bool has_executor = read_load(context, map, out.load);
  if (weight) {
    if (context.read(weight, out.weight) && out.weight == 0)
      context.error(weight, "a weight of 0 means that the scenario never runs: leave it out");
    if (has_executor)
      context.error(
          weight,
          "a scenario with a weight shares the plan's `load:`; it has no executor of its own");
    else if (!plan.shared_load)
      context.error(weight, "weights share one load: the plan needs a `load:` with an executor");
  } else if (!has_executor) {
    context.error(map.field(), plan.shared_load
                                   ? "either an \"executor\" or a \"weight\" is missing"
                                   : "\"executor\" is missing");
  }
}

void read_scenario(ReadContext& context, MapReader& map, const Plan& plan, Scenario& out) {
  out.at = map.field().at;
  if (map.field().node->kind != YamlNode::Kind::map) return;  // Reported by the MapReader.
  NameTable names(context.names);
  const NameTable* outer = context.names;
  read_environment(context, map.find("env"), names);
  context.names = &names;
  context.uses = {};
  read_scenario_load(context, map, plan, out);
  read_target(context, map.find("target"), plan, out);
  const Field before = map.find("before");
  const Field steps = map.find("steps");
  StepReadContext step_context{context, names, out};
  declare_captures(step_context, before, SlotKind::kept);
  declare_captures(step_context, steps, SlotKind::iteration);
  read_request_defaults(context, map, out.defaults);
  context.read_tags(map.find("tags"), out.tags);
  read_subjects(context, map.find("subjects"), out.subjects);
  const Uses by_defaults = context.uses;  // What every request takes, in `before` and in `steps`.
  if (before) {
    out.before = read_steps(step_context, before);
    out.before_data_sets.assign(context.uses.data_sets.begin(), context.uses.data_sets.end());
  }
  context.uses = by_defaults;
  if (!steps)
    context.error(map.field(), "an empty scenario: \"steps\" is missing");
  else
    out.steps = read_steps(step_context, steps);
  check_target(context, map.find("target"), out);
  out.data_sets.assign(context.uses.data_sets.begin(), context.uses.data_sets.end());
  if (const Field exec = map.find("exec"))
    context.error(exec, "\"exec\" is for a scenario with a \"script\"");
  map.refuse({"account", "js", "data"});
  map.finish();
  context.names = outer;
}

}  // namespace brunt
