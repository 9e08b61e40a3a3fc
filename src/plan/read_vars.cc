#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/file.h"
#include "base/text.h"
#include "plan/dependency_order.h"
#include "plan/read_parts.h"

namespace brunt {
namespace {

// Every var as a slot, to see which vars a var needs; what does not compile stays out.
struct FirstLook {
  std::vector<Dependent> needs;
  std::vector<bool> good;
};

FirstLook look(ReadContext& context, MapReader& map) {
  NameTable all(context.names);
  FirstLook result;
  for (std::uint32_t i = 0; i < map.members().size(); ++i) {
    const YamlNode::Member& member = map.members()[i];
    const auto added = all.add(member.key, SlotSymbol{i}, "var", member.at);
    // A key that is there twice has been reported.
    const bool twice =
        std::ranges::find(map.members(), member.key, &YamlNode::Member::key)->at != member.at;
    if (!added && !twice) context.error(member.at, map.member(member).path, added.error().text);
    result.good.push_back(added.has_value());
  }
  const NameTable* outer = std::exchange(context.names, &all);
  for (std::size_t i = 0; i < map.members().size(); ++i) {
    context.uses = {};
    JsonTemplate value;
    if (result.good[i] && !context.read_json(map.member(map.members()[i]), value))
      result.good[i] = false;
    result.needs.push_back(
        {map.members()[i].key, {context.uses.slots.begin(), context.uses.slots.end()}});
  }
  context.names = outer;
  return result;
}

void evaluate(ReadContext& context, const Field& field, const YamlNode::Member& member,
              NameTable& names, Plan& plan) {
  JsonTemplate value;
  if (!context.read_json(field, value)) return;
  std::string text;
  if (!value.is_constant() || !value.append(Scope{}, text)) {
    context.error(field,
                  "a var has to be known before the run: literals, other vars, env and "
                  "functions without chance or time");
    return;
  }
  auto json = Json::parse(text);
  if (!json) {
    context.error(field, json.error().text);
    return;
  }
  // Cannot fail: the first look added it.
  static_cast<void>(names.add(member.key, ConstantSymbol{*json}, "var", member.at));
  plan.vars.emplace_back(member.key, std::move(*json));
}

}  // namespace

void read_vars(ReadContext& context, const Field& vars, NameTable& names, Plan& plan) {
  if (!vars) return;
  MapReader map(context, vars);
  const FirstLook first = look(context, map);
  const auto order = dependency_order(first.needs);
  if (!order) {
    context.error(vars.at, vars.path, "vars need each other in a circle: " + order.error().text);
    return;
  }
  for (const std::uint32_t i : *order) {
    const YamlNode::Member& member = map.members()[i];
    // What needs a bad one would only report that it is not there.
    const bool sound = std::ranges::all_of(first.needs[i].needs, [&](std::uint32_t need) {
      return std::ranges::find(plan.vars, map.members()[need].key,
                               [](const auto& var) { return var.first; }) != plan.vars.end();
    });
    if (first.good[i] && sound) evaluate(context, map.member(member), member, names, plan);
  }
}

namespace {

void read_order(ReadContext& context, const Field& field, DataOrder& out) {
  constexpr std::pair<std::string_view, DataOrder> orders[] = {
      {"sequential", DataOrder::sequential},
      {"random", DataOrder::random},
      {"once", DataOrder::once}};
  constexpr std::array<std::string_view, 3> names = {"sequential", "random", "once"};
  std::string text;
  if (!context.read(field, text)) return;
  for (const auto& [name, order] : orders)
    if (name == text) {
      out = order;
      return;
    }
  context.error(field, fmt::format("\"{}\" is not one of {}{}", text, fmt::join(names, ", "),
                                   did_you_mean(text, names)));
}

std::optional<DataSet> read_rows(ReadContext& context, MapReader& map, DataPlan& out) {
  const Field file = map.require("file");
  std::string content, delimiter;
  DataSet::Options options;
  context.read(file, out.file);
  read_order(context, map.find("order"), out.order);
  for (const Field& item : list_items(context, map.find("columns"))) {
    std::string column;
    if (context.read(item, column)) options.columns.push_back(std::move(column));
  }
  const Field delimiter_field = map.find("delimiter");
  if (context.read(delimiter_field, delimiter)) {
    if (delimiter.size() != 1)
      context.error(delimiter_field, "a delimiter is one character");
    else
      options.delimiter = delimiter[0];
  }
  const bool json = out.file.extension() == ".json";
  if (json && !options.columns.empty())
    context.error(map.find("columns"), "the columns of a JSON file are its rows' keys");
  map.finish();
  if (!context.read_file_content(file, content)) return std::nullopt;
  options.name = out.file.filename().string();
  auto rows = json ? DataSet::read_json(content, options) : DataSet::read_csv(content, options);
  if (rows) return std::move(*rows);
  context.error(file, rows.error().text);
  return std::nullopt;
}

}  // namespace

void read_data(ReadContext& context, const Field& data, NameTable& names, Plan& plan) {
  if (!data) return;
  MapReader map(context, data);
  for (const YamlNode::Member& member : map.members()) {
    DataPlan set;
    set.name = member.key;
    set.at = member.at;
    MapReader fields(context, map.member(member));
    auto rows = read_rows(context, fields, set);
    const auto index = static_cast<std::uint32_t>(plan.data.size());
    DataSymbol symbol{index, rows ? rows->columns() : std::vector<std::string>()};
    if (const auto added = names.add(member.key, std::move(symbol), "data set", member.at); !added)
      context.error(member.at, map.member(member).path, added.error().text);
    // The one place that makes the shared rows (plan.h says why they are shared).
    if (rows) set.rows = std::make_shared<const DataSet>(std::move(*rows));
    plan.data.push_back(std::move(set));
  }
}

}  // namespace brunt
