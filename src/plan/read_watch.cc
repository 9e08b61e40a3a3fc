#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include "base/text.h"
#include "plan/read_parts.h"

namespace brunt {
namespace {

const ServicePlan* find_service(const Plan& plan, std::string_view name) {
  const auto found = std::ranges::find(plan.services, name, &ServicePlan::name);
  return found == plan.services.end() ? nullptr : &*found;
}

bool is_started_by_us(const ServicePlan& service) {
  if (const auto* engine = std::get_if<EngineService>(&service.kind))
    return engine->name != "sqlite";
  return !std::holds_alternative<AddressService>(service.kind);
}

// `process:`, a number or a name, of a service that runs already.
void read_process(ReadContext& context, const Field& field, WatchPlan& out) {
  std::string text;
  if (!context.read(field, text)) return;
  std::int64_t pid = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
  const bool is_number = error == std::errc{} && end == text.data() + text.size();
  if (is_number && (pid <= 0 || pid > std::numeric_limits<std::int32_t>::max()))
    context.error(field, fmt::format("{} is no process's number", text));
  else if (is_number)
    out.pid = static_cast<std::int32_t>(pid);
  else if (text.empty() || text.contains('/'))
    context.error(field, "write a program's name as `ps -o comm` shows it, or a process's number");
  else
    out.program = std::move(text);
}

bool is_yes_or_no(const Field& field) {
  return field.node->kind == YamlNode::Kind::scalar && plain_value(*field.node).is_bool();
}

void read_one(ReadContext& context, MapReader& map, const ServicePlan& service, WatchPlan& out) {
  const Field process = map.require("process");
  map.finish();
  if (!process) return;
  const bool ours = is_started_by_us(service);
  if (is_yes_or_no(process)) {
    context.read(process, out.process);
    if (out.process && !ours)
      context.error(process, fmt::format("brunt does not start \"{}\" and cannot know its process: "
                                         "give its number or its program's name",
                                         service.name));
    return;
  }
  if (ours)
    context.error(process, fmt::format("brunt starts \"{}\" and knows its process: true or false",
                                       service.name));
  else
    read_process(context, process, out);
}

}  // namespace

void read_watch(ReadContext& context, const Field& watch, Plan& plan) {
  if (!watch) return;
  MapReader map(context, watch);
  for (const YamlNode::Member& member : map.members()) {
    const Field field = map.member(member);
    const ServicePlan* service = find_service(plan, member.key);
    if (service == nullptr) {
      std::vector<std::string_view> names;
      for (const ServicePlan& one : plan.services) names.push_back(one.name);
      context.error(
          field.at, field.path,
          fmt::format("there is no service \"{}\"{}", member.key, did_you_mean(member.key, names)));
      continue;
    }
    WatchPlan one{.at = field.at, .service = member.key, .program = {}};
    MapReader fields(context, field);
    read_one(context, fields, *service, one);
    plan.watch.push_back(std::move(one));
  }
}

}  // namespace brunt
