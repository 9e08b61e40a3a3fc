#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "plan/read_parts.h"

namespace brunt {
namespace {

constexpr std::array<std::string_view, 7> methods = {"GET",    "POST", "PUT",    "PATCH",
                                                     "DELETE", "HEAD", "OPTIONS"};
constexpr std::array<std::string_view, 6> own_kinds = {"frame", "redis", "think",
                                                       "loop",  "if",    "parallel"};
constexpr std::array<std::string_view, 10> later_kinds = {
    "ws", "grpc", "tcp", "smpp", "postgres", "mongodb", "cassandra", "dynamodb", "await", "js"};

bool is_one_of(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

class StepReader {
 public:
  explicit StepReader(StepReadContext& context) : context_(context), read_(context.read) {}

  std::optional<Step> read(const Field& field) {
    MapReader map(read_, field);
    const std::string kind = kind_of(map);
    if (kind.empty()) return std::nullopt;
    if (is_one_of(methods, kind)) return Step{read_request(context_, map, kind)};
    if (kind == "frame") return Step{read_frame(context_, map)};
    if (kind == "redis") return Step{read_redis(context_, map)};
    const Field value = map.find(kind);
    std::optional<Step> step;
    if (kind == "think") step = read_think(value);
    if (kind == "loop") step = read_loop(value);
    if (kind == "parallel") step = read_parallel(value);
    if (kind == "if") step = read_if(map, value);
    map.finish();
    return step;
  }

 private:
  // The one key that says what the step is; "" after an error.
  std::string kind_of(MapReader& map) {
    std::string kind;
    for (const YamlNode::Member& member : map.members()) {
      if (is_one_of(later_kinds, member.key)) {
        map.refuse({member.key});
        return "";
      }
      if (!is_one_of(methods, member.key) && !is_one_of(own_kinds, member.key)) continue;
      if (!kind.empty() && kind != member.key) {
        read_.error(member.at, map.field().path,
                    fmt::format("a step is one thing: \"{}\" or \"{}\"", kind, member.key));
        return "";
      }
      kind = member.key;
    }
    if (kind.empty() && !map.members().empty()) unknown_kind(map);
    return kind;
  }

  void unknown_kind(MapReader& map) {
    std::vector<std::string_view> known(methods.begin(), methods.end());
    known.insert(known.end(), own_kinds.begin(), own_kinds.end());
    const YamlNode::Member& first = map.members().front();
    read_.error(first.at, map.field().path,
                fmt::format("unknown step \"{}\"{}; steps are {}", first.key,
                            did_you_mean(first.key, known), fmt::join(known, ", ")));
  }

  Step read_think(const Field& field) {
    ThinkStep think{.at = field.at, .pause = {}};
    read_.read(field, think.pause);
    return {think};
  }

  // A variable that is there for the steps of a loop only.
  std::optional<std::uint32_t> add_variable(const Field& field, std::string& name) {
    if (!read_.read(field, name)) return std::nullopt;
    const auto slot = static_cast<std::uint32_t>(context_.scenario.slots.size());
    if (const auto added = context_.names.add(name, SlotSymbol{slot}, "loop variable", field.at);
        !added) {
      read_.error(field, added.error().text);
      name.clear();
      return std::nullopt;
    }
    context_.scenario.slots.push_back({name, SlotKind::loop});
    return slot;
  }

  Step read_loop(const Field& field) {
    LoopStep loop;
    loop.at = field.at;
    MapReader map(read_, field);
    const std::pair<std::string_view, std::optional<Expression>*> forms[] = {
        {"count", &loop.count}, {"over", &loop.over}, {"while", &loop.while_true}};
    int given = 0;
    for (const auto& [key, target] : forms) {
      const Field form = map.find(key);
      if (!form) continue;
      ++given;
      Expression expression;
      if (read_.read_expression(form, expression)) *target = std::move(expression);
    }
    if (given != 1) read_.error(field, "a loop needs exactly one of count, over, while");
    read_.read(map.find("max"), loop.rounds_max);
    std::string variable, index;
    loop.variable_slot = add_variable(map.find("as"), variable);
    loop.index_slot = add_variable(map.find("index"), index);
    if (loop.variable_slot && !loop.over)
      read_.error(map.find("as"), "\"as\" goes with \"over\": a count has only an \"index\"");
    loop.steps = read_steps(context_, map.require("steps"));
    if (!variable.empty()) context_.names.remove(variable);
    if (!index.empty()) context_.names.remove(index);
    map.finish();
    return {std::move(loop)};
  }

  Step read_if(MapReader& map, const Field& condition) {
    IfStep step;
    step.at = condition.at;
    read_.read_expression(condition, step.condition);
    step.then_steps = read_steps(context_, map.require("then"));
    if (const Field otherwise = map.find("else")) step.else_steps = read_steps(context_, otherwise);
    return {std::move(step)};
  }

  Step read_parallel(const Field& field) {
    ParallelStep step;
    step.at = field.at;
    if (field.node->kind == YamlNode::Kind::map) {
      MapReader map(read_, field);
      read_.read(map.find("limit"), step.at_once_max);
      step.steps = read_steps(context_, map.require("steps"));
      map.finish();
    } else {
      step.steps = read_steps(context_, field);
    }
    return {std::move(step)};
  }

  StepReadContext& context_;
  ReadContext& read_;
};

// The lists of steps inside a step.
template <typename Use>
void for_each_inner(const YamlNode& step, Use use) {
  for (const std::string_view key : {"then", "else", "parallel"})
    if (const YamlNode* inner = step.find(key)) use(*inner);
  for (const std::string_view key : {"loop", "parallel"})
    if (const YamlNode* block = step.find(key))
      if (const YamlNode* inner = block->find("steps")) use(*inner);
}

void declare(StepReadContext& context, const YamlNode& steps, const std::string& path,
             SlotKind kind) {
  for (const YamlNode& step : steps.items) {
    if (const YamlNode* capture = step.find("capture"))
      for (const YamlNode::Member& member : capture->members) {
        auto& slots = context.scenario.slots;
        const auto known = std::ranges::find(slots, member.key, &Slot::name);
        if (known != slots.end()) {
          // Also captured before: it keeps its value until it is captured again.
          continue;
        }
        const auto slot = static_cast<std::uint32_t>(slots.size());
        const auto added = context.names.add(member.key, SlotSymbol{slot}, "capture", member.at);
        if (added)
          slots.push_back({member.key, kind});
        else
          context.read.error(member.at, path + ".capture." + member.key, added.error().text);
      }
    for_each_inner(step, [&](const YamlNode& inner) { declare(context, inner, path, kind); });
  }
}

}  // namespace

void declare_captures(StepReadContext& context, const Field& steps, SlotKind kind) {
  if (steps) declare(context, *steps.node, steps.path, kind);
}

std::vector<Step> read_steps(StepReadContext& context, const Field& steps) {
  std::vector<Step> result;
  if (!steps) return result;
  if (steps.node->kind == YamlNode::Kind::list && steps.node->items.empty())
    context.read.error(steps, "there are no steps in here");
  for (const Field& item : list_items(context.read, steps))
    if (auto step = StepReader(context).read(item)) result.push_back(std::move(*step));
  return result;
}

}  // namespace brunt
