#include "plan/overrides.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "base/units.h"

namespace brunt {
namespace {

constexpr std::array<std::string_view, 14> plan_keys = {
    "name", "about",    "vars",      "seed", "warmup", "tags", "allow",
    "tls",  "services", "scenarios", "data", "load",   "out",  "expect"};
// Sections whose members may be named without them.
constexpr std::array<std::string_view, 3> sections = {"vars", "scenarios", "services"};

class Overrider {
 public:
  Overrider(YamlNode& plan, PlanErrors& errors) : plan_(plan), errors_(errors) {}

  void apply(const Override& change) {
    change_ = &change;
    auto value = parse_yaml(change.value, {});
    if (!value) return error(fmt::format("the value is no YAML: {}", value.error().text));
    no_position(*value);
    const std::vector<std::string_view> path = split(change.path, '.');
    if (std::ranges::any_of(path, [](std::string_view part) { return part.empty(); }))
      return error("the path has an empty part");
    if (std::ranges::find(plan_keys, path[0]) != plan_keys.end())
      return set(plan_, path, std::move(*value));
    YamlNode* section = section_of(path[0]);
    if (section != nullptr) set(*section, path, std::move(*value));
  }

 private:
  void error(std::string_view text) {
    errors_.add({}, fmt::format("--set {}={}", change_->path, change_->value), text);
  }

  // Where an error in the value is reported: the option itself has no line.
  static void no_position(YamlNode& node) {
    node.at = {};
    for (YamlNode& item : node.items) no_position(item);
    for (YamlNode::Member& member : node.members) {
      member.at = {};
      no_position(member.value);
    }
  }

  // vars, scenarios or services, whichever has a member of that name.
  YamlNode* section_of(std::string_view name) {
    YamlNode* found = nullptr;
    std::string_view found_in;
    std::vector<std::string_view> known(plan_keys.begin(), plan_keys.end());
    for (const std::string_view section : sections) {
      YamlNode* node = plan_.find(section);
      if (node == nullptr) continue;
      for (const YamlNode::Member& member : node->members) known.emplace_back(member.key);
      if (node->find(name) == nullptr) continue;
      if (found != nullptr) {
        error(fmt::format("\"{0}\" is in {1} and in {2}: write {1}.{0} or {2}.{0}", name, found_in,
                          section));
        return nullptr;
      }
      found = node;
      found_in = section;
    }
    if (found == nullptr)
      error(fmt::format("the plan has no \"{}\"{}", name, did_you_mean(name, known)));
    return found;
  }

  void set(YamlNode& start, std::span<const std::string_view> path, YamlNode value) {
    YamlNode* node = &start;
    for (std::size_t i = 0; i + 1 < path.size(); ++i) {
      node = step_into(*node, path[i]);
      if (node == nullptr) return;
    }
    const std::string_view last = path.back();
    if (node->kind == YamlNode::Kind::list) {
      if (YamlNode* item = step_into(*node, last)) *item = std::move(value);
      return;
    }
    if (node->kind != YamlNode::Kind::map)
      return error(fmt::format("there is nothing under it to set \"{}\" in", last));
    // A key that the plan does not write yet may be a good one: the reader knows.
    if (YamlNode* there = node->find(last))
      *there = std::move(value);
    else
      node->members.push_back({std::string(last), {}, std::move(value)});
  }

  YamlNode* step_into(YamlNode& node, std::string_view part) {
    if (node.kind == YamlNode::Kind::list) {
      const auto index = parse_integer(part);
      if (index && *index >= 0 && std::cmp_less(*index, node.items.size()))
        return &node.items[static_cast<std::size_t>(*index)];
      error(fmt::format("\"{}\" is no element: the list has 0 to {}", part,
                        static_cast<std::int64_t>(node.items.size()) - 1));
      return nullptr;
    }
    if (YamlNode* next = node.find(part)) return next;
    std::vector<std::string_view> known;
    for (const YamlNode::Member& member : node.members) known.emplace_back(member.key);
    error(fmt::format("there is no \"{}\" in it{}", part, did_you_mean(part, known)));
    return nullptr;
  }

  YamlNode& plan_;
  PlanErrors& errors_;
  const Override* change_ = nullptr;
};

}  // namespace

Result<Override> parse_override(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || trim(text.substr(0, equals)).empty())
    return fail(ErrorCode::invalid,
                fmt::format("--set {}: write --set path=value, such as device.vus=500", text));
  return Override{std::string(trim(text.substr(0, equals))), std::string(text.substr(equals + 1))};
}

void apply_overrides(YamlNode& plan, std::span<const Override> overrides, PlanErrors& errors) {
  Overrider overrider(plan, errors);
  for (const Override& change : overrides) overrider.apply(change);
}

}  // namespace brunt
