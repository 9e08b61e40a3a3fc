#include "plan/yaml_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/file.h"
#include "base/text.h"
#include "plan/read_parts.h"
#include "plan/start_after.h"
#include "plan/time_scale.h"

namespace brunt {
namespace {

void read_allow(ReadContext& context, const Field& field, Plan& plan) {
  if (!field) return;
  std::vector<Field> items{field};
  if (field.node->kind == YamlNode::Kind::list) items = list_items(context, field);
  for (const Field& item : items) {
    std::string host;
    if (!context.read(item, host)) continue;
    if (host.empty() || host.contains('/'))
      context.error(item,
                    fmt::format("\"{}\" is no host: write name, name:port or an address", host));
    plan.allow.push_back(std::move(host));
  }
}

void read_tls(ReadContext& context, const Field& field, TlsOptions& out) {
  if (!field) return;
  MapReader map(context, field);
  context.read(map.find("insecure"), out.insecure);
  context.read(map.find("ca"), out.ca);
  const Field certificate = map.find("certificate"), key = map.find("key");
  context.read(certificate, out.certificate);
  context.read(key, out.key);
  if (static_cast<bool>(certificate) != static_cast<bool>(key))
    context.error(field, "a client's \"certificate\" and its \"key\" go together");
  context.read(map.find("server_name"), out.server_name);
  context.read(map.find("http2"), out.http2);
  map.finish();
}

void read_out(ReadContext& context, const Field& field, Plan& plan) {
  if (!field) return;
  MapReader map(context, field);
  for (const std::string_view format : {"json", "csv"}) {
    ResultStream stream{std::string(format), {}};
    if (context.read(map.find(format), stream.file)) plan.out.push_back(std::move(stream));
  }
  map.finish();
}

void read_scenarios(ReadContext& context, const Field& field, const ReadOptions& options,
                    Plan& plan) {
  if (!field) return;
  PlanScripts scripts{.read = options.read_script, .done = {}};
  MapReader map(context, field);
  if (field.node->kind == YamlNode::Kind::map && map.members().empty())
    context.error(field, "there are no scenarios in here");
  for (const YamlNode::Member& member : map.members()) {
    MapReader fields(context, map.member(member));
    if (fields.find("script")) {
      read_script_scenario(context, fields, scripts, plan, member.key);
      continue;
    }
    Scenario scenario;
    scenario.name = member.key;
    read_scenario(context, fields, plan, scenario);
    plan.scenarios.push_back(std::move(scenario));
  }
}

void read_shared_load(ReadContext& context, const Field& field, Plan& plan) {
  if (!field) return;
  MapReader map(context, field);
  ScenarioOptions load;
  load.name = "load";
  if (!read_load(context, map, load)) context.error(field, "\"executor\" is missing");
  map.finish();
  plan.shared_load = std::move(load);
}

void check_weights(ReadContext& context, const Field& load, const Plan& plan) {
  const bool used =
      std::ranges::any_of(plan.scenarios, [](const Scenario& s) { return s.weight > 0; });
  if (load && !used)
    context.error(load.at, load.path, "no scenario shares this load: give some a \"weight\"");
}

// After all scenarios, which they name.
void check_starts(ReadContext& context, const Field& load, const Field& scenarios, Plan& plan) {
  if (context.error_count() > 0) return;  // Without all of them nothing can be said about starts.
  const auto error = place_starts(plan);
  if (!error) return;
  Field at = load;
  const auto found = std::ranges::find(plan.scenarios, error->scenario, &Scenario::name);
  if (found != plan.scenarios.end())
    at = {scenarios.node, scenarios.path + "." + error->scenario, found->at};
  context.error(at.at, at.path + ".start_after", error->text);
}

void read_all(ReadContext& context, MapReader& map, const ReadOptions& options, Plan& plan) {
  NameTable names;
  // Cannot fail: the table is empty.
  static_cast<void>(names.add("env", EnvironmentSymbol{options.environment}, "environment", {}));
  context.names = &names;
  read_matrix(context, map.find("matrix"), options.matrix, names, plan);
  read_vars(context, map.find("vars"), names, plan);
  context.read(map.find("name"), plan.name);
  context.read(map.find("about"), plan.about);
  context.read(map.find("seed"), plan.seed);
  context.read(map.find("warmup"), plan.warmup);
  context.read_tags(map.find("tags"), plan.tags);
  read_allow(context, map.find("allow"), plan);
  read_tls(context, map.find("tls"), plan.tls);
  read_out(context, map.find("out"), plan);
  const Field services = map.find("services");
  declare_services(context, services, names, plan);
  read_data(context, map.find("data"), names, plan);
  read_services(context, services, plan);
  const Field load = map.find("load");
  read_shared_load(context, load, plan);
  const Field scenarios = map.require("scenarios");
  read_scenarios(context, scenarios, options, plan);
  check_weights(context, load, plan);
  check_starts(context, load, scenarios, plan);
  read_links(context, map.find("links"), plan);
  read_watch(context, map.find("watch"), plan);
  read_faults(context, map.find("faults"), plan);
  read_expectations(context, map.find("expect"), plan);
  map.refuse({"accounts", "limit", "until", "for"});
  map.finish();
  context.names = nullptr;
}

}  // namespace

PlanResult<Plan> read_plan(std::string_view text, const std::filesystem::path& path,
                           const ReadOptions& options) {
  PlanErrors errors(path.string());
  auto document = parse_yaml(text, YamlLimits{});
  if (!document) {
    errors.add(document.error().at, "", document.error().text);
    return std::unexpected(std::move(errors));
  }
  if (document->kind != YamlNode::Kind::map) {
    errors.add({1, 1}, "",
               document->kind == YamlNode::Kind::null
                   ? "the plan is empty"
                   : fmt::format("a plan is a map, not {}", document->kind_name()));
    return std::unexpected(std::move(errors));
  }
  apply_overrides(*document, options.overrides, errors);
  Plan plan;
  plan.source = path;
  plan.name = path.stem().string();
  ReadContext context(errors, path.parent_path());
  MapReader map(context, {&*document, "", {1, 1}});
  read_all(context, map, options, plan);
  if (errors.empty())
    if (const auto scaled = apply_time_scale(plan, options.time_scale); !scaled)
      errors.add({}, "", scaled.error().text);
  if (errors.empty()) return plan;
  errors.sort();
  return std::unexpected(std::move(errors));
}

PlanResult<Plan> read_plan_file(const std::filesystem::path& path, const ReadOptions& options) {
  constexpr std::uint64_t bytes_max = YamlLimits{}.bytes_max;
  auto text = read_file(path, bytes_max);
  if (!text) return std::unexpected(PlanErrors(path.string(), std::move(text.error())));
  return read_plan(*text, path, options);
}

}  // namespace brunt
