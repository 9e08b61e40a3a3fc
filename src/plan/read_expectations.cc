#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "plan/read_parts.h"
#include "plan/script_bundle.h"

namespace brunt {
namespace {

constexpr std::array<std::string_view, 3> later_judgements = {"account(", "recovery(", "leak("};

// Every value that a tag of this plan's own making can have: a slip in it would otherwise show only
// after the run, as an expectation without samples.
void collect_names(const std::vector<Step>& steps, std::vector<std::string>& requests,
                   std::vector<std::string>& checks) {
  for (const Step& step : steps) {
    if (const auto* request = std::get_if<RequestStep>(&step.kind)) {
      requests.push_back(request->name);
      for (const Check& check : request->checks) checks.push_back(check.name);
    }
    if (const auto* redis = std::get_if<RedisStep>(&step.kind)) {
      requests.push_back(redis->name);
      for (const Check& check : redis->checks) checks.push_back(check.name);
    }
    if (const auto* frame = std::get_if<FrameStep>(&step.kind)) requests.push_back(frame->name);
    for (const std::vector<Step>* inner : inner_steps(step))
      collect_names(*inner, requests, checks);
  }
}

struct KnownTags {
  std::vector<std::string> scenarios, requests, checks;
};

KnownTags known_tags(const Plan& plan) {
  KnownTags known;
  for (const Scenario& scenario : plan.scenarios) {
    known.scenarios.push_back(scenario.name);
    collect_names(scenario.before, known.requests, known.checks);
    collect_names(scenario.steps, known.requests, known.checks);
  }
  return known;
}

void check_tag(ReadContext& context, const Field& field, const Tag& tag,
               const std::vector<std::string>& known) {
  if (known.empty() || std::ranges::find(known, tag.value) != known.end()) return;
  const std::vector<std::string_view> names(known.begin(), known.end());
  context.error(field.at, field.path,
                fmt::format("nothing in this plan has the tag {}:{}{}", tag.key, tag.value,
                            did_you_mean(tag.value, names)));
}

class ExpectationReader {
 public:
  ExpectationReader(ReadContext& context, Plan& plan)
      : context_(context), plan_(plan), known_(known_tags(plan)) {
    for (const PlannedScript& script : scripts_of(plan)) {
      for (const MetricInfo& metric : script.bundle->metrics)
        if (const auto added = registry_.add(metric); !added)
          context_.error(plan.scenarios[script.scenario].at, "scenarios", added.error().text);
      has_scripts_ = true;
    }
  }

  void read(const Field& field, const std::string& selector) {
    for (const std::string_view later : later_judgements)
      if (selector.starts_with(later)) {
        context_.error(field.at, field.path,
                       fmt::format("\"{}\" is not supported in this version", selector));
        return;
      }
    bool tags_checked = false;
    std::vector<Field> items{field};
    if (field.node->kind == YamlNode::Kind::list) items = list_items(context_, field);
    if (items.empty()) context_.error(field, "there is nothing expected in here");
    for (const Field& item : items) {
      const auto threshold = read_one(item, selector);
      if (!threshold) continue;
      if (!std::exchange(tags_checked, true)) check_tags(field, threshold->selector.tags);
      plan_.expectations.push_back({item.at, *threshold});
    }
  }

 private:
  void check_tags(const Field& field, const TagSet& tags) {
    for (const Tag& tag : tags) {
      if (tag.key == "scenario") check_tag(context_, field, tag, known_.scenarios);
      if (has_scripts_) continue;  // What they request is known when they run.
      if (tag.key == "name") check_tag(context_, field, tag, known_.requests);
      if (tag.key == "check") check_tag(context_, field, tag, known_.checks);
    }
  }

  std::optional<Threshold> read_one(const Field& field, const std::string& selector) {
    std::string condition;
    bool abort = false;
    Duration delay{};
    if (field.node->kind == YamlNode::Kind::map) {
      MapReader map(context_, field);
      if (!context_.read(map.require("threshold"), condition)) return std::nullopt;
      context_.read(map.find("abort_on_fail", "abortOnFail"), abort);
      context_.read(map.find("delay", "delayAbortEval"), delay);
      map.finish();
    } else if (!context_.read(field, condition)) {
      return std::nullopt;
    }
    auto threshold = make_threshold(registry_, selector, condition);
    if (!threshold) {
      context_.error(field, threshold.error().text);
      return std::nullopt;
    }
    threshold->on_fail = abort ? OnFail::abort : OnFail::go_on;
    threshold->delay_abort = delay;
    if (threshold->condition.scope == ThresholdScope::after_warm_up && !plan_.warmup)
      context_.error(field, "\"after warm-up\" needs to know it: the plan has no `warmup:`");
    if (threshold->condition.faults != FaultScope::any && plan_.faults.empty())
      context_.error(field, "\"faults\" needs some: the plan has no `faults:`");
    return std::move(*threshold);
  }

  ReadContext& context_;
  Plan& plan_;
  KnownTags known_;
  MetricRegistry registry_;
  bool has_scripts_ = false;
};

}  // namespace

void read_expectations(ReadContext& context, const Field& expect, Plan& plan) {
  if (!expect) return;
  MapReader map(context, expect);
  ExpectationReader reader(context, plan);
  for (const YamlNode::Member& member : map.members()) reader.read(map.member(member), member.key);
}

}  // namespace brunt
