// `links:` of a plan.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "plan/read_parts.h"

namespace brunt {
namespace {

template <typename Named>
std::optional<std::uint32_t> index_of(const std::vector<Named>& all, std::string_view name) {
  const auto found = std::ranges::find(all, name, &Named::name);
  if (found == all.end()) return std::nullopt;
  return static_cast<std::uint32_t>(found - all.begin());
}

bool is_embedded(const ServicePlan& service) {
  const auto* const engine = std::get_if<EngineService>(&service.kind);
  return engine != nullptr && engine->name == "sqlite";
}

// False: there is no such service; the errors that are told have a limit, so nobody counts them.
bool read_to(ReadContext& context, const Field& field, const Plan& plan, LinkPlan& out) {
  std::string name;
  if (!context.read(field, name)) return false;
  const auto service = index_of(plan.services, name);
  if (!service) {
    std::vector<std::string_view> names;
    for (const ServicePlan& each : plan.services) names.push_back(each.name);
    context.error(field,
                  fmt::format("there is no service \"{}\"{}", name, did_you_mean(name, names)));
    return false;
  }
  if (is_embedded(plan.services[*service]))
    context.error(field, fmt::format("\"{}\" is an embedded store: no road leads to it", name));
  out.to = *service;
  return true;
}

bool read_from(ReadContext& context, const Field& field, const Plan& plan, LinkPlan& out) {
  std::string name;
  if (!context.read(field, name)) return false;
  const auto scenario = index_of(plan.scenarios, name);
  const auto service = index_of(plan.services, name);
  if (scenario && service) {
    context.error(field, fmt::format("\"{}\" is a scenario and a service: rename one", name));
  } else if (scenario) {
    out.from_kind = LinkPlan::From::scenario;
    out.from = *scenario;
  } else if (service) {
    out.from_kind = LinkPlan::From::service;
    out.from = *service;
    if (std::holds_alternative<AddressService>(plan.services[*service].kind))
      context.error(field, fmt::format("\"{}\" runs already: brunt cannot tell it another address; "
                                       "link from what the plan starts",
                                       name));
    if (*service == out.to) context.error(field, "a link leads from one service to another");
  } else {
    std::vector<std::string_view> names;
    for (const Scenario& each : plan.scenarios) names.push_back(each.name);
    for (const ServicePlan& each : plan.services) names.push_back(each.name);
    context.error(field, fmt::format("there is no scenario or service \"{}\"{}", name,
                                     did_you_mean(name, names)));
  }
  return scenario.has_value() || service.has_value();
}

void read_shape(ReadContext& context, MapReader& map, LinkPlan& out) {
  const Field jitter = map.find("jitter");
  context.read(map.find("rtt"), out.rtt);
  context.read(jitter, out.jitter);
  if (jitter && out.jitter > out.rtt)
    context.error(jitter, "jitter is at most the \"rtt\": no road is shorter than nothing");
  std::string word;
  const Field distribution = map.find("distribution");
  if (context.read(distribution, word)) {
    if (word != "uniform" && word != "normal")
      context.error(distribution, fmt::format("\"{}\": give uniform or normal", word));
    out.distribution =
        word == "normal" ? LinkPlan::Distribution::normal : LinkPlan::Distribution::uniform;
  }
  const Field bandwidth = map.find("bandwidth");
  if (!context.read(bandwidth, word)) return;
  std::string_view size = word;
  if (size.ends_with("/s")) size.remove_suffix(2);
  const auto bytes = parse_size(size);
  if (!bytes || *bytes == 0 || !word.ends_with("/s"))
    context.error(bandwidth,
                  fmt::format("\"{}\" is no bandwidth: give bytes a second, 100kB/s", word));
  else
    out.bytes_a_second = *bytes;
}

}  // namespace

void read_links(ReadContext& context, const Field& links, Plan& plan) {
  if (!links) return;
  for (const Field& item : list_items(context, links)) {
    MapReader map(context, item);
    const std::size_t errors = context.error_count();
    LinkPlan link{.name = {}, .at = item.at};
    const bool leads_somewhere = read_to(context, map.require("to"), plan, link);
    const Field from = map.require("from");
    const bool comes_from_somewhere = read_from(context, from, plan, link);
    read_shape(context, map, link);
    const Field name = map.find("name");
    context.read(name, link.name);
    map.finish();
    if (!leads_somewhere || !comes_from_somewhere || context.error_count() > errors) continue;
    const std::string& source = link.from_kind == LinkPlan::From::scenario
                                    ? plan.scenarios[link.from].name
                                    : plan.services[link.from].name;
    if (link.name.empty()) link.name = source + "->" + plan.services[link.to].name;
    const bool is_twice = std::ranges::any_of(plan.links, [&](const LinkPlan& other) {
      return other.name == link.name ||
             (other.from_kind == link.from_kind && other.from == link.from && other.to == link.to);
    });
    if (is_twice)
      context.error(item, fmt::format("there is a link \"{}\" already", link.name));
    else
      plan.links.push_back(std::move(link));
  }
}

}  // namespace brunt
