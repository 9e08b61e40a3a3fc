// `matrix: { threads: [1, 2, 4] }`: names with several values, of which a run has one each.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "plan/read_parts.h"

namespace brunt {
namespace {

// The value that was asked for, else the first.
std::size_t chosen_of(ReadContext& context, const Field& field, const MatrixAxis& axis,
                      const MatrixChoice& choice) {
  const auto wanted = std::ranges::find(choice, axis.name, &MatrixChoice::value_type::first);
  if (wanted == choice.end()) return 0;
  for (std::size_t i = 0; i < axis.values.size(); ++i)
    if (axis.values[i].text() == wanted->second) return i;
  std::vector<std::string> texts;
  for (const Json& value : axis.values) texts.push_back(value.text());
  context.error(field, fmt::format("\"{}\" is not one of its values: {} (from --matrix)",
                                   wanted->second, fmt::join(texts, ", ")));
  return 0;
}

MatrixAxis read_axis(ReadContext& context, const Field& field, const std::string& name) {
  constexpr std::size_t values_max = 100;
  MatrixAxis axis{.name = name, .values = {}};
  for (const Field& item : list_items(context, field)) {
    JsonTemplate value;
    std::string text;
    if (!context.read_json(item, value)) continue;
    if (item.node->kind != YamlNode::Kind::scalar || !value.is_constant() ||
        !value.append(Scope{}, text)) {
      context.error(item, "a value of a matrix is a number or a text that is known before the run");
      continue;
    }
    if (auto json = Json::parse(text)) axis.values.push_back(std::move(*json));
  }
  if (axis.values.empty() || axis.values.size() > values_max)
    context.error(field, "a matrix has 1 to 100 values for each name");
  return axis;
}

}  // namespace

void read_matrix(ReadContext& context, const Field& matrix, const MatrixChoice& choice,
                 NameTable& names, Plan& plan) {
  for (const auto& [name, value] : choice)
    if (!matrix || matrix.node->find(name) == nullptr)
      context.error(matrix, fmt::format("--matrix {}={}: the plan's matrix has no \"{}\"", name,
                                        value, name));
  if (!matrix) return;
  MapReader map(context, matrix);
  std::size_t runs = 1;
  for (const YamlNode::Member& member : map.members()) {
    const Field field = map.member(member);
    MatrixAxis axis = read_axis(context, field, member.key);
    if (axis.values.empty()) continue;
    axis.chosen = chosen_of(context, field, axis, choice);
    runs *= axis.values.size();
    if (const auto added = names.add(member.key, ConstantSymbol{axis.values[axis.chosen]},
                                     "name of the matrix", member.at);
        !added)
      context.error(member.at, field.path, added.error().text);
    plan.matrix.push_back(std::move(axis));
  }
  constexpr std::size_t runs_max = 1000;
  if (runs > runs_max)
    context.error(matrix, fmt::format("{} runs are more than {}", runs, runs_max));
}

}  // namespace brunt
