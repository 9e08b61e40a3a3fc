#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/text.h"
#include "plan/load_fields.h"
#include "plan/read_parts.h"
#include "plan/start_after.h"

namespace brunt {
namespace {

template <typename T>
struct Choice {
  std::string_view name;
  T value;
};

template <typename T, std::size_t count>
void read_choice(ReadContext& context, const Field& field, const Choice<T> (&choices)[count],
                 T& out) {
  std::string text;
  if (!context.read(field, text)) return;
  std::vector<std::string_view> names;
  for (const Choice<T>& choice : choices) {
    names.push_back(choice.name);
    if (choice.name == text) {
      out = choice.value;
      return;
    }
  }
  context.error(field, fmt::format("\"{}\" is not one of {}{}", text, fmt::join(names, ", "),
                                   did_you_mean(text, names)));
}

// `500/s`, or a bare number that counts for each time_unit.
void read_rate(ReadContext& context, const Field& field, Duration time_unit, double& out) {
  std::string text;
  if (!context.read(field, text)) return;
  if (const auto bare = parse_number(text)) {
    out = *bare;
    return;
  }
  const auto rate = parse_rate(text);
  if (!rate)
    context.error(field, rate.error().text);
  else
    out = rate->each_second() * seconds_of(time_unit);
}

void read_stages(ReadContext& context, const Field& field, ScenarioOptions& out) {
  for (const Field& item : list_items(context, field)) {
    MapReader map(context, item);
    Stage stage;
    context.read(map.require("duration"), stage.duration);
    const Field target = map.require("target");
    if (is_open(out.executor))
      read_rate(context, target, out.time_unit, stage.target);
    else
      context.read(target, stage.target);
    map.finish();
    out.stages.push_back(stage);
  }
}

// A rate with a unit of its own sets the time unit, so that summaries say it the way it was
// written.
void read_constant_rate(ReadContext& context, const Field& field, const Field& time_unit,
                        ScenarioOptions& out) {
  std::string text;
  if (!context.read(field, text)) return;
  const auto rate = parse_rate(text);
  if (!rate || parse_number(text)) {
    double bare = 0;
    read_rate(context, field, out.time_unit, bare);
    out.rate = bare;
    return;
  }
  if (time_unit) context.error(time_unit, "the rate already has a unit: write one or the other");
  out.rate = rate->count;
  out.time_unit = rate->unit;
}

void read_open(ReadContext& context, MapReader& map, ScenarioOptions& out) {
  const Field time_unit = map.find("time_unit", "timeUnit");
  context.read(time_unit, out.time_unit);
  if (out.executor == ExecutorKind::constant_arrival_rate)
    read_constant_rate(context, map.find("rate"), time_unit, out);
  if (out.executor == ExecutorKind::ramping_arrival_rate)
    read_rate(context, map.find("start_rate", "startRate"), out.time_unit, out.start_rate);
  context.read(map.find("pre_allocated_vus", "preAllocatedVUs"), out.pre_allocated_vus);
  constexpr Choice<Arrivals> arrivals[] = {{"even", Arrivals::even},
                                           {"poisson", Arrivals::poisson}};
  read_choice(context, map.find("arrivals"), arrivals, out.arrivals);
  context.read(map.find("arrivals_seed", "arrivalsSeed"), out.arrivals_seed);
  constexpr Choice<WhenBusy> when_busy[] = {{"queue", WhenBusy::queue}, {"drop", WhenBusy::drop}};
  read_choice(context, map.find("when_busy", "whenBusy"), when_busy, out.when_busy);
  constexpr Choice<VuChoice> choices[] = {{"most_recently_freed", VuChoice::most_recently_freed},
                                          {"longest_free", VuChoice::longest_free}};
  read_choice(context, map.find("vu_choice", "vuChoice"), choices, out.vu_choice);
}

// The number that each VU of per-vu-iterations has by itself, of an expression of its `vu`. Known
// now, so that the plan can say how much it is in all.
void read_iterations_by_vu(ReadContext& context, const Field& field, const Template& text,
                           ScenarioOptions& out) {
  constexpr std::uint64_t vus_max = 1'000'000;  // 8 MB of numbers.
  Uses uses;
  text.collect(uses);
  if (!uses.services.empty() || !uses.data_sets.empty() || !uses.slots.empty())
    return context.error(field, "the number of iterations may depend on `vu` and vars only");
  if (out.vus > vus_max)
    return context.error(field, "an expression here goes with at most 1,000,000 VUs");
  Prng chance(1);
  for (std::uint64_t vu = 1; vu <= out.vus; ++vu) {
    const auto value =
        text.evaluate({.scenario = out.name, .vu = vu, .vu_in_scenario = vu, .prng = &chance});
    if (!value) return context.error(field, fmt::format("for VU {}: {}", vu, value.error().text));
    constexpr double number_max = 9007199254740992.0;  // 2^53: beyond it doubles have gaps.
    if (!value->is_number() || value->number() < 0 || value->number() > number_max ||
        value->number() != std::floor(value->number()))
      return context.error(field, fmt::format("for VU {} it is {}, which is no whole number from 1",
                                              vu, value->dump()));
    out.iterations_by_vu.push_back(static_cast<std::uint64_t>(value->number()));
  }
}

void read_iterations(ReadContext& context, const Field& field, ScenarioOptions& out) {
  Template text;
  const bool by_vu = field && out.executor == ExecutorKind::per_vu_iterations &&
                     field.node->kind == YamlNode::Kind::scalar;
  if (!by_vu || !Template::compile(field.node->text, *context.names) ||
      !context.read(field, text) || text.is_constant())
    context.read(field, out.iterations);
  else
    read_iterations_by_vu(context, field, text, out);
}

void read_closed(ReadContext& context, MapReader& map, ScenarioOptions& out) {
  context.read(map.find("vus"), out.vus);
  context.read(map.find("start_vus", "startVUs"), out.start_vus);
  read_iterations(context, map.find("iterations"), out);
  context.read(map.find("max_duration", "maxDuration"), out.max_duration);
  context.read(map.find("ramp_up", "rampUp"), out.ramp_up);
  context.read(map.find("graceful_ramp_down", "gracefulRampDown"), out.graceful_ramp_down);
  constexpr Choice<VuPreparation> preparation[] = {
      {"when_it_starts", VuPreparation::when_it_starts},
      {"before_the_scenario", VuPreparation::before_the_scenario}};
  read_choice(context, map.find("preparation"), preparation, out.preparation);
}

// load/ names fields as k6 does; here they are called as plans write them.
std::string as_plans_write(std::string text) {
  for (const LoadField& field : load_fields())
    for (std::size_t at = 0; field.name != field.k6_name;) {
      at = text.find(field.k6_name, at);
      if (at == std::string::npos) break;
      text.replace(at, field.k6_name.size(), field.name);
      at += field.name.size();
    }
  return text;
}

// The text of an error of validate() begins with the field; the error goes to where that stands.
void report(ReadContext& context, MapReader& map, const Error& error) {
  const std::string text = as_plans_write(error.text);
  const std::size_t colon = text.find(": ");
  const std::string_view named = std::string_view(text).substr(0, colon);
  const std::string_view key = named.substr(0, named.find_first_of("[."));
  const auto all = load_fields();
  const auto entry = std::ranges::find(all, key, &LoadField::name);
  Field field = entry == all.end() ? map.find(key) : map.find(key, entry->k6_name);
  if (!field) {
    context.error(map.field().at, map.field().path, text);
    return;
  }
  if (named != key) field.path += std::string(named.substr(key.size()));
  context.error(field, std::string_view(text).substr(colon + 2));
}

void read_start(ReadContext& context, MapReader& map, ScenarioOptions& out) {
  const Field time = map.find("start_time", "startTime"), after = map.find("start_after");
  context.read(time, out.start_time);
  std::string text;
  if (!context.read(after, text)) return;
  if (time)
    return context.error(
        after,
        "a scenario has a start_time or a start_after, not both: write the pause behind a +");
  auto parsed = parse_start_after(text);
  if (!parsed) return context.error(after, parsed.error().text);
  out.start_after = std::move(parsed->scenario);
  out.start_delay = parsed->delay;
}

}  // namespace

bool read_load(ReadContext& context, MapReader& map, ScenarioOptions& out) {
  const Field executor = map.find("executor");
  std::string name;
  const bool known = context.read(executor, name);
  const auto kind = parse_executor(name);
  if (known && !kind) {
    const std::string& text = kind.error().text;
    context.error(executor, text.starts_with("executor: ") ? text.substr(10) : text);
  }
  bool misplaced = false;
  for (const LoadField& field : load_fields()) {
    const Field found = map.find(field.name, field.k6_name);
    if (!found || !kind || belongs(field, *kind)) continue;
    misplaced = true;
    context.error(found.at, found.path,
                  fmt::format("{} does not take \"{}\"; it belongs to {}", name, field.name,
                              owners_of(field)));
  }
  if (!known || !kind || misplaced) return static_cast<bool>(executor);
  out.choose(*kind);
  read_start(context, map, out);
  context.read(map.find("graceful_stop", "gracefulStop"), out.graceful_stop);
  context.read(map.find("min_iteration_duration", "minIterationDuration"),
               out.min_iteration_duration);
  const std::size_t errors_before = context.error_count();
  if (is_open(*kind))
    read_open(context, map, out);
  else
    read_closed(context, map, out);
  context.read(map.find("duration"), out.duration);
  context.read(map.find("max_vus", "maxVUs"), out.max_vus);
  const Field stages = map.find("stages");
  if (stages) read_stages(context, stages, out);
  // What could not even be read would only be reported once more.
  if (context.error_count() > errors_before) return true;
  if (const auto valid = validate(out); !valid) report(context, map, valid.error());
  return true;
}

}  // namespace brunt
