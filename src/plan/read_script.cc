// A scenario that runs a script: its function, its environment, its load (the plan's, or the
// script's own), and the thresholds of the script, which count for what the scenario measures.
#include <fmt/format.h>

#include <algorithm>

#include "plan/names.h"
#include "plan/read_parts.h"
#include "plan/script_bundle.h"

namespace brunt {
namespace {

// What services' members look like while init code runs for the first time, before there are any.
std::vector<std::string> stand_ins(const Plan& plan) {
  std::vector<std::string> members;
  for (const ServicePlan& service : plan.services) {
    const auto* engine = std::get_if<EngineService>(&service.kind);
    const std::string scheme =
        engine != nullptr && (engine->name == "redis" || engine->name == "postgres") ? engine->name
                                                                                     : "http";
    for (const std::string_view member : service_members) {
      if (member == "url" || member == "metrics")
        members.push_back(scheme + "://127.0.0.1:1");
      else if (member == "address")
        members.emplace_back("127.0.0.1:1");
      else if (member == "host")
        members.emplace_back("127.0.0.1");
      else
        members.emplace_back(member == "port" ? "1" : "");
    }
  }
  return members;
}

class ScriptScenarioReader {
 public:
  ScriptScenarioReader(ReadContext& context, MapReader& map, PlanScripts& scripts, Plan& plan)
      : context_(context), map_(map), scripts_(scripts), plan_(plan) {}

  void read(const std::string& name) {
    const Field at = map_.find("script");
    std::filesystem::path file;
    if (!context_.read(at, file)) return;
    ScriptCall call;
    read_environment(call);
    const Plan* script = find(at, file, call);
    const Field exec = map_.find("exec");
    const bool has_exec = context_.read(exec, call.function);
    for (const std::string_view key : {"steps", "before", "target", "headers", "timeout",
                                       "redirects", "auth", "cookies", "subjects", "data"})
      if (const Field own = map_.find(key))
        context_.error(own, "a script says this itself: it is for scenarios with steps");
    const bool has_load = map_.find("executor") || map_.find("weight");
    Scenario scenario{.name = name, .at = map_.field().at};
    context_.read_tags(map_.find("tags"), scenario.tags);
    if (has_load) read_scenario_load(context_, map_, plan_, scenario);
    map_.finish();
    if (script == nullptr) return;
    call.bundle = script->script;
    if ((has_load || has_exec) && !call.bundle->functions.contains(call.function))
      context_.error(exec ? exec : at,
                     fmt::format("{} exports no function {}", file.string(), call.function));
    if (has_load) {
      add(std::move(scenario), *script, std::move(call));
    } else if (has_exec) {
      context_.error(exec,
                     "\"exec\" needs an \"executor\": without one the script's own load runs");
    } else if (!call.bundle->load_error.empty()) {
      context_.error(at, call.bundle->load_error);
    } else {
      add_own(scenario, *script, call);
    }
    add_thresholds(at, *script);
  }

 private:
  void read_environment(ScriptCall& call) {
    std::vector<NamedTemplate> values;
    context_.read(map_.find("env"), values);
    for (NamedTemplate& one : values)
      if (one.value.is_constant()) {
        call.environment[one.name] = one.value.text();
      } else if (is_same_for_all(one)) {
        call.run_environment.push_back(std::move(one));
      }
  }

  // Init code sees it, once for all users.
  bool is_same_for_all(const NamedTemplate& one) {
    Uses uses;
    one.value.collect(uses);
    const bool is_row = !uses.data_sets.empty();
    if (!is_row && value_for(one.value, 1) == value_for(one.value, 2)) return true;
    context_.error(
        map_.find("env"),
        fmt::format("a script's env is the same for all of its users, and {} in {} is not: {}",
                    one.value.source(), one.name,
                    is_row
                        ? "rows are for steps; a script has its own, with takeRow() of brunt/data"
                        : "the script can make it itself"));
    return false;
  }

  std::string value_for(const Template& value, std::uint64_t user) const {
    const std::vector<std::string> members = stand_ins(plan_);
    Prng chance(user);
    return value
        .expand({.members = members,
                 .vu = user,
                 .vu_in_scenario = user,
                 .iteration = user,
                 .iteration_in_test = user,
                 .prng = &chance,
                 .now = {.unix_ns = static_cast<std::int64_t>(user)}})
        .value_or("");
  }

  const Plan* find(const Field& at, const std::filesystem::path& file, const ScriptCall& call) {
    if (!scripts_.read) {
      context_.error(at, "scripts cannot be read here");
      return nullptr;
    }
    const std::string key = file.lexically_normal().string();
    if (const auto known = scripts_.done.find(key); known != scripts_.done.end())
      return &known->second;
    std::map<std::string, std::string> environment = call.environment;
    const std::vector<std::string> members = stand_ins(plan_);
    for (const NamedTemplate& one : call.run_environment)
      environment[one.name] = one.value.expand({.members = members}).value_or("");
    auto script = scripts_.read(file, environment);
    if (!script) {
      context_.error(at, script.error().text);
      return nullptr;
    }
    return &scripts_.done.emplace(key, std::move(*script)).first->second;
  }

  void add(Scenario scenario, const Plan& script, ScriptCall call) {
    scenario.load.name = scenario.name;
    // As in k6: init code, of thousands of VUs, takes no time of the test.
    scenario.load.preparation = VuPreparation::before_the_scenario;
    if (scenario.weight > 0 && plan_.shared_load)
      plan_.shared_load->preparation = VuPreparation::before_the_scenario;
    if (!script.scenarios.empty())
      scenario.load.min_iteration_duration =
          std::max(scenario.load.min_iteration_duration,
                   script.scenarios.front().load.min_iteration_duration);
    for (const auto& tag : script.tags)
      if (std::ranges::find(scenario.tags, tag.first, &Tags::value_type::first) ==
          scenario.tags.end())
        scenario.tags.push_back(tag);
    scenario.script = std::move(call);
    const bool is_taken =
        std::ranges::find(plan_.scenarios, scenario.name, &Scenario::name) != plan_.scenarios.end();
    if (is_taken)
      context_.error(map_.field(), fmt::format("two scenarios would be called {}", scenario.name));
    added_.push_back(scenario.name);
    plan_.scenarios.push_back(std::move(scenario));
  }

  // The scenarios of the script's options.
  void add_own(const Scenario& shape, const Plan& script, const ScriptCall& call) {
    const bool is_only = script.scenarios.size() == 1;
    for (const Scenario& own : script.scenarios) {
      Scenario scenario = shape;
      if (!is_only || own.name != "default") scenario.name += "-" + own.name;
      scenario.load = own.load;
      for (const auto& tag : own.tags) scenario.tags.push_back(tag);
      ScriptCall one = call;
      one.function = own.script->function;
      for (const auto& [key, value] : own.script->environment) one.environment[key] = value;
      renamed_[own.name] = scenario.name;
      add(std::move(scenario), script, std::move(one));
    }
  }

  // Each for each scenario: of another script's figures it says nothing.
  void add_thresholds(const Field& at, const Plan& script) {
    for (const Expectation& expectation : script.expectations) {
      const Condition& condition = expectation.threshold.condition;
      if (condition.scope == ThresholdScope::after_warm_up && !plan_.warmup)
        context_.error(at, fmt::format("its threshold \"{}\" needs to know the warm-up: the plan "
                                       "has no `warmup:`",
                                       condition.text));
      const TagSet& tags = expectation.threshold.selector.tags;
      const std::string_view own = tag_value(tags, "scenario");
      for (const std::string& name : added_) {
        Expectation one = expectation;
        one.at = map_.field().at;
        if (!own.empty()) {
          const auto renamed = renamed_.find(std::string(own));
          if (renamed == renamed_.end() || renamed->second != name) continue;
          std::erase_if(one.threshold.selector.tags,
                        [](const Tag& tag) { return tag.key == "scenario"; });
        }
        std::vector<Tag> more = one.threshold.selector.tags;
        more.push_back({"scenario", name});
        one.threshold.selector.tags = make_tag_set(std::move(more));
        plan_.expectations.push_back(std::move(one));
      }
    }
  }

  ReadContext& context_;
  MapReader& map_;
  PlanScripts& scripts_;
  Plan& plan_;
  std::vector<std::string> added_;              // Names of scenarios.
  std::map<std::string, std::string> renamed_;  // The script's own scenarios.
};

}  // namespace

void read_script_scenario(ReadContext& context, MapReader& map, PlanScripts& scripts, Plan& plan,
                          const std::string& name) {
  ScriptScenarioReader(context, map, scripts, plan).read(name);
}

}  // namespace brunt
