#include "plan/describe_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "base/text.h"
#include "plan/script_bundle.h"

namespace brunt {
namespace {

std::string plural(std::uint64_t count, std::string_view one) {
  return fmt::format("{} {}{}", format_count(static_cast<double>(count)), one,
                     count == 1 ? "" : "s");
}

std::string with_notes(std::string text, const std::vector<std::string>& notes) {
  return notes.empty() ? text : fmt::format("{} ({})", text, fmt::join(notes, ", "));
}

Duration stages_duration(const ScenarioOptions& load) {
  Duration total{};
  for (const Stage& stage : load.stages) total += stage.duration;
  return total;
}

double highest_target(const ScenarioOptions& load, double start) {
  for (const Stage& stage : load.stages) start = std::max(start, stage.target);
  return start;
}

std::string rate_text(double count, Duration unit) {
  return unit == std::chrono::seconds(1)
             ? fmt::format("{:.2f} iterations/s", count)
             : fmt::format("{:.2f} iterations/{}", count, format_duration(unit));
}

void add_vus_note(const ScenarioOptions& load, std::vector<std::string>& notes) {
  const std::uint64_t ready = load.pre_allocated_vus.value_or(0), most = load.vus_max();
  notes.push_back(ready == most ? fmt::format("max_vus: {}", most)
                                : fmt::format("max_vus: {}-{}", ready, most));
  if (load.arrivals == Arrivals::poisson) notes.emplace_back("arrivals: poisson");
  if (load.when_busy == WhenBusy::drop) notes.emplace_back("when_busy: drop");
}

// How many requests one VU may have under way at one time.
std::uint64_t at_once(const std::vector<Step>& steps);

std::uint64_t at_once(const Step& step) {
  if (const auto* loop = std::get_if<LoopStep>(&step.kind)) return at_once(loop->steps);
  if (const auto* branch = std::get_if<IfStep>(&step.kind))
    return std::max(at_once(branch->then_steps), at_once(branch->else_steps));
  if (const auto* parallel = std::get_if<ParallelStep>(&step.kind)) {
    std::uint64_t sum = 0;
    for (const Step& inner : parallel->steps) sum += at_once(inner);
    return parallel->at_once_max == 0 ? sum : std::min<std::uint64_t>(sum, parallel->at_once_max);
  }
  return 1;
}

std::uint64_t at_once(const std::vector<Step>& steps) {
  std::uint64_t most = 1;
  for (const Step& step : steps) most = std::max(most, at_once(step));
  return most;
}

std::string describe_iterations(const ScenarioOptions& load) {
  const auto& each = load.iterations_by_vu;
  if (each.empty())
    return fmt::format("{} for each of {}", plural(load.iterations, "iteration"),
                       plural(load.vus, "VU"));
  const auto [least, most] = std::ranges::minmax(each);
  std::uint64_t sum = 0;
  for (const std::uint64_t one : each) sum += one;
  return fmt::format("{} to {} for each of {}, {} in all", format_count(static_cast<double>(least)),
                     plural(most, "iteration"), plural(load.vus, "VU"),
                     format_count(static_cast<double>(sum)));
}

// The plan's loads, each with the requests that a VU of it may have under way.
struct Load {
  const ScenarioOptions* options = nullptr;
  std::uint64_t at_once = 1;
  bool is_linked = false;  // A link leads from it.
};

bool is_linked(const Plan& plan, std::size_t scenario) {
  return std::ranges::any_of(plan.links, [scenario](const LinkPlan& link) {
    return link.from_kind == LinkPlan::From::scenario && link.from == scenario;
  });
}

std::vector<Load> loads_of(const Plan& plan) {
  std::vector<Load> loads;
  Load shared;
  for (std::size_t i = 0; i < plan.scenarios.size(); ++i) {
    const Scenario& scenario = plan.scenarios[i];
    const std::uint64_t most = std::max(at_once(scenario.before), at_once(scenario.steps));
    if (scenario.weight == 0) {
      loads.push_back({&scenario.load, most, is_linked(plan, i)});
    } else {
      shared.at_once = std::max(shared.at_once, most);
      shared.is_linked = shared.is_linked || is_linked(plan, i);
    }
  }
  shared.options = plan.shared_load ? &*plan.shared_load : nullptr;
  if (shared.options != nullptr) loads.push_back(shared);
  return loads;
}

Duration end_of(const ScenarioOptions& load) {
  return load.start_time + load.planned_duration() + load.graceful_stop;
}

// The largest sum over loads that overlap in time.
template <typename Amount>
std::uint64_t peak(const Plan& plan, Amount amount) {
  const std::vector<Load> loads = loads_of(plan);
  std::uint64_t most = 0;
  for (const Load& at : loads) {
    std::uint64_t sum = 0;
    for (const Load& other : loads)
      if (other.options->start_time <= at.options->start_time &&
          end_of(*other.options) > at.options->start_time)
        sum += amount(other);
    most = std::max(most, sum);
  }
  return most;
}

// Sums of think times may be as long as somebody writes them.
void add_bounded(Duration& sum, Duration more) {
  sum = more > Duration::max() - sum ? Duration::max() : sum + more;
}

struct StepCounts {
  std::uint64_t requests = 0;
  Duration think_low{}, think_high{};
};

void count_steps(const std::vector<Step>& steps, StepCounts& counts) {
  for (const Step& step : steps) {
    if (is_request(step)) ++counts.requests;
    if (const auto* think = std::get_if<ThinkStep>(&step.kind)) {
      add_bounded(counts.think_low, think->pause.low);
      add_bounded(counts.think_high, think->pause.high);
    } else if (const auto* loop = std::get_if<LoopStep>(&step.kind)) {
      count_steps(loop->steps, counts);
    } else if (const auto* branch = std::get_if<IfStep>(&step.kind)) {
      count_steps(branch->then_steps, counts);
      count_steps(branch->else_steps, counts);
    } else if (const auto* parallel = std::get_if<ParallelStep>(&step.kind)) {
      count_steps(parallel->steps, counts);
    }
  }
}

std::string describe_steps(const std::vector<Step>& steps) {
  StepCounts counts;
  count_steps(steps, counts);
  std::string text = plural(counts.requests, "request");
  if (counts.think_high > Duration::zero())
    text += counts.think_low == counts.think_high
                ? fmt::format(", {} of thinking", format_duration(counts.think_low))
                : fmt::format(", {} to {} of thinking", format_duration(counts.think_low),
                              format_duration(counts.think_high));
  return text;
}

std::string describe_service(const ServicePlan& service) {
  if (const auto* builtin = std::get_if<BuiltinService>(&service.kind))
    return "built in: " + builtin->name;
  if (const auto* engine = std::get_if<EngineService>(&service.kind))
    return engine->name == "sqlite" ? "engine: sqlite, an embedded store without a process"
                                    : "engine: " + engine->name;
  if (const auto* command = std::get_if<CommandService>(&service.kind)) {
    std::string line;
    for (const Template& argument : command->arguments)
      line += (line.empty() ? "" : " ") + argument.source();
    return "command: " + line.substr(0, 70);
  }
  return "at " + std::get<AddressService>(service.kind).address.source();
}

void describe_services(const Plan& plan, std::string& out) {
  if (plan.services.empty()) return;
  out += "\nservices, in the order they are started\n";
  for (const std::uint32_t index : plan.start_order)
    fmt::format_to(std::back_inserter(out), "  {:<16} {}\n", plan.services[index].name,
                   describe_service(plan.services[index]));
}

void describe_scenario(const Plan& plan, const Scenario& scenario, std::string& out) {
  const std::string load = scenario.weight == 0
                               ? describe_load(scenario.load)
                               : fmt::format("weight {} of the shared load", scenario.weight);
  constexpr std::size_t columns = 80;  // 100 without the name's.
  const std::size_t notes = load.size() > columns ? load.find(" (") : std::string::npos;
  fmt::format_to(std::back_inserter(out), "  {:<16} {}\n", scenario.name, load.substr(0, notes));
  if (notes != std::string::npos)
    fmt::format_to(std::back_inserter(out), "  {:<16} {}\n", "", load.substr(notes + 1));
  std::string steps;
  if (!scenario.before.empty())
    steps = fmt::format("each VU first: {}; ", describe_steps(scenario.before));
  if (scenario.script)
    steps += fmt::format("iteration: {}() of {}", scenario.script->function,
                         plan.script != nullptr ? "the script" : scenario.script->bundle->entry);
  else if (scenario.cycle)
    steps += fmt::format("iteration: one of {} in turn", plural(scenario.steps.size(), "target"));
  else
    steps += fmt::format("iteration: {}", describe_steps(scenario.steps));
  fmt::format_to(std::back_inserter(out), "  {:<16} {}\n", "", steps);
  std::set<std::uint32_t> sets(scenario.data_sets.begin(), scenario.data_sets.end());
  sets.insert(scenario.before_data_sets.begin(), scenario.before_data_sets.end());
  for (const std::uint32_t set : sets)
    fmt::format_to(std::back_inserter(out), "  {:<16} data {}: {}\n", "", plan.data[set].name,
                   plural(plan.data[set].rows->rows(), "row"));
}

void describe_faults(const Plan& plan, std::string& out) {
  if (plan.faults.empty()) return;
  out += "\nfaults\n";
  for (const FaultPlan& fault : plan.faults)
    fmt::format_to(std::back_inserter(out), "  {:<16} {}: {}\n", fault.spec.name,
                   describe(fault.spec), describe_times(fault.spec));
}

void describe_expectations(const Plan& plan, std::string& out) {
  if (plan.expectations.empty()) {
    out += "\nnothing is expected: the verdict will only say whether the run was valid\n";
    return;
  }
  out += "\nexpected\n";
  for (const Expectation& expectation : plan.expectations)
    fmt::format_to(
        std::back_inserter(out), "  {}: {}{}\n", expectation.threshold.selector.text(),
        expectation.threshold.condition.text,
        expectation.threshold.on_fail == OnFail::abort ? "; ends the run if not met" : "");
}

}  // namespace

void describe_links(const Plan& plan, std::string& out) {
  if (plan.links.empty()) return;
  out += "\nlinks, through brunt's proxy\n";
  for (const LinkPlan& link : plan.links) {
    std::vector<std::string> notes;
    if (link.jitter > Duration::zero())
      notes.push_back(
          fmt::format("± {}{}", format_duration(link.jitter),
                      link.distribution == LinkPlan::Distribution::normal ? ", normal" : ""));
    if (link.bytes_a_second > 0)
      notes.push_back(format_bytes(static_cast<double>(link.bytes_a_second)) + "/s each way");
    fmt::format_to(std::back_inserter(out), "  {:<16} {}\n", link.name,
                   with_notes("round trip " + format_duration(link.rtt), notes));
  }
}

std::string describe_load(const ScenarioOptions& load) {
  std::string text;
  std::vector<std::string> notes;
  const std::string over = fmt::format("for {} over {}", format_duration(stages_duration(load)),
                                       plural(load.stages.size(), "stage"));
  const std::string lasting = load.duration ? format_duration(*load.duration) : "";
  switch (load.executor) {
    case ExecutorKind::constant_vus:
      text = fmt::format("{} for {}", plural(load.vus, "looping VU"), lasting);
      break;
    case ExecutorKind::ramping_vus:
      text = fmt::format("Up to {} looping VUs {}",
                         format_count(highest_target(load, static_cast<double>(load.start_vus))),
                         over);
      notes.push_back("graceful_ramp_down: " + format_duration(load.graceful_ramp_down));
      break;
    case ExecutorKind::per_vu_iterations:
      text = describe_iterations(load);
      if (load.ramp_up > Duration::zero())
        notes.push_back("ramp_up: " + format_duration(load.ramp_up));
      notes.push_back("max_duration: " + format_duration(load.max_duration));
      break;
    case ExecutorKind::shared_iterations:
      text = fmt::format("{} shared among {}", plural(load.iterations, "iteration"),
                         plural(load.vus, "VU"));
      notes.push_back("max_duration: " + format_duration(load.max_duration));
      break;
    case ExecutorKind::constant_arrival_rate:
      text = fmt::format("{} for {}", rate_text(load.rate.value_or(0), load.time_unit), lasting);
      add_vus_note(load, notes);
      break;
    case ExecutorKind::ramping_arrival_rate:
      text = fmt::format("Up to {} {}",
                         rate_text(highest_target(load, load.start_rate), load.time_unit), over);
      add_vus_note(load, notes);
      break;
    case ExecutorKind::externally_controlled:
      text = fmt::format("{}, as it is told from outside up to {}, {}", plural(load.vus, "VU"),
                         load.vus_max(),
                         *load.duration > Duration{} ? "for " + lasting : "until it is stopped");
      break;
  }
  if (!load.start_after.empty())
    notes.push_back(load.start_delay > Duration::zero()
                        ? fmt::format("start_after: {} + {}", load.start_after,
                                      format_duration(load.start_delay))
                        : "start_after: " + load.start_after);
  else if (load.start_time > Duration::zero())
    notes.push_back("start_time: " + format_duration(load.start_time));
  if (load.graceful_stop > Duration::zero())
    notes.push_back("graceful_stop: " + format_duration(load.graceful_stop));
  return with_notes(std::move(text), notes);
}

std::uint64_t connections_max(const Plan& plan) {
  return peak(plan, [](const Load& load) { return load.options->vus_max() * load.at_once; });
}

std::uint64_t linked_connections_max(const Plan& plan) {
  return peak(plan, [](const Load& load) {
    return load.is_linked ? load.options->vus_max() * load.at_once : 0;
  });
}

Duration duration_max(const Plan& plan) {
  Duration longest{};
  for (const Load& load : loads_of(plan)) longest = std::max(longest, end_of(*load.options));
  return longest;
}

std::string describe_plan(const Plan& plan) {
  std::string out = plan.name + "\n";
  if (!plan.about.empty()) out += std::string(trim(plan.about)) + "\n";
  for (const auto& [name, value] : plan.vars)
    fmt::format_to(std::back_inserter(out), "  var {} = {}\n", name, value.text());
  std::size_t runs = 1;
  for (const MatrixAxis& axis : plan.matrix) {
    std::vector<std::string> values;
    for (const Json& value : axis.values) values.push_back(value.text());
    fmt::format_to(std::back_inserter(out), "  matrix {}: {}\n", axis.name,
                   fmt::join(values, ", "));
    runs *= values.size();
  }
  if (runs > 1)
    fmt::format_to(std::back_inserter(out), "  {} runs, one for each; below is the first\n", runs);
  if (plan.time_scale != 1)
    fmt::format_to(std::back_inserter(out), "  time scale {}: a rehearsal\n", plan.time_scale);
  describe_services(plan, out);
  describe_links(plan, out);
  out += "\nscenarios\n";
  for (const Scenario& scenario : plan.scenarios) describe_scenario(plan, scenario, out);
  if (plan.shared_load)
    fmt::format_to(std::back_inserter(out), "  {:<16} {}\n", "shared load",
                   describe_load(*plan.shared_load));
  const std::uint64_t vus = peak(plan, [](const Load& load) { return load.options->vus_max(); });
  fmt::format_to(std::back_inserter(out), "\nat most {}, {}; over after {} at the latest\n",
                 plural(vus, "VU"), plural(connections_max(plan), "connection"),
                 format_duration(duration_max(plan)));
  if (plan.warmup)
    fmt::format_to(std::back_inserter(out), "the first {} are warm-up\n",
                   format_duration(*plan.warmup));
  describe_faults(plan, out);
  describe_expectations(plan, out);
  return out;
}

}  // namespace brunt
