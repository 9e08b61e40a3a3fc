#include "load/scenario_set.h"

#include <algorithm>
#include <array>
#include <utility>

#include "load/vu_schedule.h"
#include "loop/fiber_group.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;

// How often a scenario looks whether the one that it starts after has ended, maybe on another
// thread. A longer delay than that is kept exactly.
constexpr Duration end_pause = 100ms;

// Ended, but for what may still be running.
VuDemand demand_of(const ScenarioOptions& scenario, Duration elapsed) {
  const Duration duration = scenario.planned_duration();
  if (elapsed < Duration::zero() || elapsed > duration + scenario.graceful_stop) return {};
  if (is_open(scenario.executor))
    return {scenario.pre_allocated_vus.value_or(0), scenario.vus_max()};
  if (scenario.executor == ExecutorKind::externally_controlled)
    return {scenario.vus, scenario.vus_max()};
  const VuSchedule schedule = VuSchedule::of(scenario);
  // A VU that was ramped down may be there until its grace is over.
  const Duration to = std::min(elapsed, duration - Duration(1));
  const Duration from = std::max(elapsed - scenario.graceful_ramp_down, Duration::zero());
  const std::uint64_t vus = schedule.peak_between(std::min(from, to), to);
  return {vus, vus};
}

// All instants at which the demand of a scenario can have a peak.
std::vector<Duration> corners_of(const ScenarioOptions& scenario) {
  std::vector<Duration> corners{scenario.start_time};
  Duration at = scenario.start_time;
  for (const Stage& stage : scenario.stages) {
    at += stage.duration;
    corners.push_back(at);
    corners.push_back(at + scenario.graceful_ramp_down);
  }
  const Duration end = scenario.start_time + scenario.planned_duration();
  corners.push_back(end);
  corners.push_back(end + scenario.graceful_stop);
  return corners;
}

}  // namespace

VuDemand vu_demand_at(const std::vector<ScenarioOptions>& scenarios, Duration elapsed) {
  VuDemand sum;
  for (const ScenarioOptions& scenario : scenarios) {
    const VuDemand demand = demand_of(scenario, elapsed - scenario.start_time);
    sum.planned += demand.planned;
    sum.maximum += demand.maximum;
  }
  return sum;
}

VuDemand vu_demand_peak(const std::vector<ScenarioOptions>& scenarios) {
  VuDemand peak;
  for (const ScenarioOptions& scenario : scenarios) {
    for (const Duration corner : corners_of(scenario)) {
      // Just before a corner another scenario may still be there.
      for (const Duration at : std::array{corner - Duration(1), corner}) {
        const VuDemand demand = vu_demand_at(scenarios, at);
        peak.planned = std::max(peak.planned, demand.planned);
        peak.maximum = std::max(peak.maximum, demand.maximum);
      }
    }
  }
  return peak;
}

Duration longest_duration(const std::vector<ScenarioOptions>& scenarios) {
  Duration longest{};
  for (const ScenarioOptions& scenario : scenarios)
    longest = std::max(longest,
                       scenario.start_time + scenario.planned_duration() + scenario.graceful_stop);
  return longest;
}

double ScenarioProgress::fraction() const {
  if (now.phase == ExecutorPhase::ended) return 1;
  double fraction = 0;
  if (now.duration > Duration::zero())
    fraction = seconds_of(now.elapsed) / seconds_of(now.duration);
  const bool budget =
      executor == ExecutorKind::shared_iterations || executor == ExecutorKind::per_vu_iterations;
  if (budget && now.iterations_planned > 0)
    fraction = static_cast<double>(now.counts.completed + now.counts.interrupted) /
               static_cast<double>(now.iterations_planned);
  return std::clamp(fraction, 0.0, 1.0);
}

struct ScenarioSet::Entry {
  std::size_t number = 0;
  ScenarioOptions options;
  std::unique_ptr<Executor> executor;
  Result<> result;
};

ScenarioSet::ScenarioSet(ScenarioSetOptions options)
    : options_(std::move(options)), ids_(options_.segment, options_.instance) {}

ScenarioSet::~ScenarioSet() = default;

Result<std::size_t> ScenarioSet::add(ScenarioOptions options, VuBody& body,
                                     IterationBudget* budget) {
  for (const auto& entry : entries_)
    if (entry->options.name == options.name)
      return fail(ErrorCode::invalid, "there are two scenarios called '" + options.name + "'");
  const ExecutorContext context{.loop = options_.loop,
                                .body = body,
                                .observer = options_.observer,
                                .ids = ids_,
                                .segment = options_.segment,
                                .scenario = entries_.size(),
                                .budget = budget,
                                .budget_claimers = options_.threads};
  auto entry = std::make_unique<Entry>();
  entry->number = entries_.size();
  entry->executor = make_executor(options, context);
  entry->options = std::move(options);
  entries_.push_back(std::move(entry));
  return entries_.size() - 1;
}

std::vector<ScenarioSet::Entry*> ScenarioSet::in_starting_order() const {
  std::vector<Entry*> order;
  for (const auto& entry : entries_) order.push_back(entry.get());
  std::sort(order.begin(), order.end(), [](const Entry* a, const Entry* b) {
    return std::pair(a->options.start_time, std::string_view(a->options.name)) <
           std::pair(b->options.start_time, std::string_view(b->options.name));
  });
  return order;
}

Result<> ScenarioSet::prepare(Fiber& self) {
  for (Entry* const entry : in_starting_order()) {
    const Result<> prepared = entry->executor->prepare(self);
    if (prepared) continue;
    // Those that are prepared already have VUs, which must end before we can go.
    stop(StopKind::now);
    for (const auto& other : entries_) static_cast<void>(other->executor->run(self, self.now()));
    return fail_in(entry->options.name, prepared.error());
  }
  return {};
}

Result<> ScenarioSet::run(Fiber& self, Instant start) {
  ends_ = options_.ends != nullptr ? options_.ends : &own_ends_.emplace(entries_.size(), 1);
  FiberGroup group(options_.loop);
  Result<> spawned;
  for (Entry* const entry : in_starting_order()) {
    spawned = group.spawn(
        "scenario", [this, entry, start](Fiber& fiber) { run_scenario(fiber, *entry, start); });
    if (!spawned) break;
  }
  if (!spawned) stop(StopKind::now);
  const Result<> joined = group.join(self);
  if (!spawned) return spawned;
  if (!joined) return joined;
  for (const auto& entry : entries_)
    if (!entry->result) return fail_in(entry->options.name, entry->result.error());
  return {};
}

void ScenarioSet::run_scenario(Fiber& fiber, Entry& entry, Instant start) {
  const Instant begin = begin_of(fiber, entry, start);
  entry.options.start_time = begin - start;
  entry.result = entry.executor->run(fiber, begin);
  ends_->ended(entry.number, options_.loop.now());
}

Instant ScenarioSet::begin_of(Fiber& fiber, const Entry& entry, Instant start) const {
  const auto before = std::ranges::find_if(entries_, [&](const auto& other) {
    return other->options.name == entry.options.start_after;
  });
  if (before == entries_.end()) return start + entry.options.start_time;
  std::optional<Instant> end;
  while (!(end = ends_->end_of((*before)->number)))
    if (!fiber.sleep(end_pause)) return fiber.now();
  return std::max(*end + entry.options.start_delay, fiber.now());
}

void ScenarioSet::stop(StopKind kind) {
  for (const auto& entry : entries_) entry->executor->stop(kind);
}

void ScenarioSet::stop_scenario(std::size_t number, StopKind kind) {
  entries_[number]->executor->stop(kind);
}

void ScenarioSet::scale(std::size_t number, const VuScale& scale) {
  entries_[number]->executor->scale(scale);
}

void ScenarioSet::pause() {
  for (const auto& entry : entries_) entry->executor->pause();
}

void ScenarioSet::resume() {
  for (const auto& entry : entries_) entry->executor->resume();
}

std::vector<ScenarioProgress> ScenarioSet::progress() const {
  std::vector<ScenarioProgress> all;
  for (const auto& entry : entries_)
    all.push_back({entry->options.name, entry->options.executor, entry->options.start_time,
                   entry->executor->progress()});
  return all;
}

LoadCounts ScenarioSet::total() const {
  LoadCounts sum;
  for (const auto& entry : entries_) {
    const LoadCounts counts = entry->executor->progress().counts;
    sum.planned += counts.planned;
    sum.started += counts.started;
    sum.completed += counts.completed;
    sum.interrupted += counts.interrupted;
    sum.dropped += counts.dropped;
    sum.queued += counts.queued;
    sum.running += counts.running;
    sum.started_late += counts.started_late;
    sum.vus_failed += counts.vus_failed;
  }
  return sum;
}

}  // namespace brunt
