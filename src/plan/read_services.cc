#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "plan/dependency_order.h"
#include "plan/read_parts.h"

namespace brunt {
namespace {

constexpr std::array<std::string_view, 2> known_builtins = {"iot", "messages"};
constexpr std::array<std::string_view, 3> later_builtins = {"smsc", "sms-gateway", "timers"};
constexpr std::array<std::string_view, 7> known_engines = {
    "sqlite", "postgres", "redis", "nginx", "haproxy", "prometheus", "node-exporter"};
constexpr std::array<std::string_view, 5> later_engines = {"timescale", "mysql", "mongodb",
                                                           "cassandra", "dynamodb"};

struct KnownNames {
  std::string_view what;
  std::span<const std::string_view> now, later;
};

bool read_known(ReadContext& context, const Field& field, const KnownNames& known,
                std::string& out) {
  if (!context.read(field, out)) return false;
  if (std::ranges::find(known.now, out) != known.now.end()) return true;
  if (std::ranges::find(known.later, out) != known.later.end())
    context.error(field,
                  fmt::format("the {} \"{}\" is not supported in this version", known.what, out));
  else
    context.error(field, fmt::format("unknown {} \"{}\"{}; known are {}", known.what, out,
                                     did_you_mean(out, known.now), fmt::join(known.now, ", ")));
  return false;
}

// with: { a: 1, b: { c: 2 } } gives a and b.c
void read_options(ReadContext& context, const Field& field, const std::string& prefix,
                  std::vector<ServiceOption>& out) {
  if (!field) return;
  MapReader map(context, field);
  for (const YamlNode::Member& member : map.members()) {
    const Field item = map.member(member);
    if (member.value.kind == YamlNode::Kind::map) {
      read_options(context, item, prefix + member.key + ".", out);
      continue;
    }
    ServiceOption option{item.at, prefix + member.key, {}};
    if (context.read(item, option.value)) out.push_back(std::move(option));
  }
}

// A list of arguments, or a line for the shell.
void read_command(ReadContext& context, const Field& field, CommandService& out) {
  if (field.node->kind != YamlNode::Kind::list) {
    Template line;
    if (!context.read(field, line)) return;
    out.arguments = {Template::constant("sh"), Template::constant("-c"), std::move(line)};
    return;
  }
  for (const Field& item : list_items(context, field)) {
    Template argument;
    if (context.read(item, argument)) out.arguments.push_back(std::move(argument));
  }
  if (field.node->items.empty()) context.error(field, "there is no program to start");
}

void read_ready(ReadContext& context, const Field& field, std::optional<ReadyCheck>& out) {
  if (!field) return;
  MapReader map(context, field);
  ReadyCheck ready;
  constexpr std::pair<std::string_view, ReadyCheck::Kind> kinds[] = {
      {"tcp", ReadyCheck::Kind::tcp},
      {"http", ReadyCheck::Kind::http},
      {"log", ReadyCheck::Kind::log}};
  int given = 0;
  for (const auto& [key, kind] : kinds) {
    const Field what = map.find(key);
    if (!what) continue;
    ++given;
    ready.kind = kind;
    context.read(what, ready.what);
  }
  if (given != 1) context.error(field, "\"ready\" needs exactly one of tcp, http, log");
  context.read(map.find("timeout"), ready.timeout);
  map.finish();
  out = std::move(ready);
}

void read_service(ReadContext& context, MapReader& map, ServicePlan& out) {
  const Field builtin = map.find("builtin"), engine = map.find("engine"),
              command = map.find("command"), address = map.find("address");
  const int given = (builtin ? 1 : 0) + (engine ? 1 : 0) + (command ? 1 : (address ? 1 : 0));
  if (given != 1)
    context.error(map.field(), "a service is one of: builtin, engine, command, address");
  if (builtin) {
    BuiltinService service;
    read_known(context, builtin, {"builtin", known_builtins, later_builtins}, service.name);
    read_options(context, map.find("with"), "", service.with);
    out.kind = std::move(service);
  } else if (engine) {
    EngineService service;
    read_known(context, engine, {"engine", known_engines, later_engines}, service.name);
    read_options(context, map.find("with"), "", service.with);
    out.kind = std::move(service);
  } else if (command) {
    CommandService service;
    read_command(context, command, service);
    context.read(map.find("env"), service.environment);
    context.read(map.find("cwd"), service.directory);
    context.read(address, service.address);
    out.kind = std::move(service);
  } else if (address) {
    AddressService service;
    context.read(address, service.address);
    out.kind = std::move(service);
  }
  read_ready(context, map.find("ready"), out.ready);
  map.finish();
}

}  // namespace

void declare_services(ReadContext& context, const Field& services, NameTable& names, Plan& plan) {
  if (!services) return;
  if (services.node->kind != YamlNode::Kind::map) return;  // read_services() reports it.
  for (const YamlNode::Member& member : services.node->members) {
    const auto index = static_cast<std::uint32_t>(plan.services.size());
    const bool again =
        std::ranges::find(plan.services, member.key, &ServicePlan::name) != plan.services.end();
    plan.services.push_back({.name = member.key, .at = member.at, .kind = {}, .ready = {}});
    // A name with a dash is a good name; it just cannot stand in an expression.
    if (again || (!is_identifier(member.key) && !member.key.empty())) continue;
    if (const auto added = names.add(member.key, ServiceSymbol{index}, "service", member.at);
        !added)
      context.error(member.at, services.path + "." + member.key, added.error().text);
  }
}

void read_services(ReadContext& context, const Field& services, Plan& plan) {
  if (!services) return;
  MapReader map(context, services);
  std::vector<Dependent> needs;
  for (std::size_t i = 0; i < map.members().size(); ++i) {
    MapReader service(context, map.member(map.members()[i]));
    context.uses = {};
    read_service(context, service, plan.services[i]);
    // A command may be told its own address; nothing else has one before it runs.
    if (std::holds_alternative<CommandService>(plan.services[i].kind))
      context.uses.services.erase(static_cast<std::uint32_t>(i));
    needs.push_back(
        {plan.services[i].name, {context.uses.services.begin(), context.uses.services.end()}});
  }
  auto order = dependency_order(needs);
  if (order)
    plan.start_order = std::move(*order);
  else
    context.error(services.at, services.path,
                  "services need each other in a circle: " + order.error().text);
}

}  // namespace brunt
