#include "run/seconds.h"

#include <algorithm>
#include <limits>
#include <map>

#include "plan/describe_plan.h"
#include "run/load_units.h"

namespace brunt {
namespace {

// Each generator knows its own part of the iterations planned; threads that draw from one budget
// all know the whole of it.
std::uint64_t iterations_planned(const std::vector<const ScenarioProgress*>& parts,
                                 const ScenarioOptions& load) {
  std::uint64_t sum = 0;
  for (const ScenarioProgress* part : parts) sum += part->now.iterations_planned;
  return load.executor == ExecutorKind::shared_iterations ? std::min(sum, load.iterations) : sum;
}

// One scenario over all generators.
ScenarioProgress merged(const std::vector<const ScenarioProgress*>& parts) {
  ScenarioProgress sum = *parts.front();
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const ExecutorProgress& part = parts[i]->now;
    sum.now.phase = std::min(sum.now.phase, part.phase);
    sum.now.elapsed = std::max(sum.now.elapsed, part.elapsed);
    sum.now.vus_active += part.vus_active;
    sum.now.vus += part.vus;
    sum.now.vus_max += part.vus_max;
    sum.now.counts.planned += part.counts.planned;
    sum.now.counts.started += part.counts.started;
    sum.now.counts.completed += part.counts.completed;
    sum.now.counts.interrupted += part.counts.interrupted;
    sum.now.counts.dropped += part.counts.dropped;
    sum.now.counts.queued += part.counts.queued;
    sum.now.counts.started_late += part.counts.started_late;
    sum.now.counts.vus_failed += part.counts.vus_failed;
  }
  return sum;
}

// Of WebSockets and of streams of gRPC, either way.
bool counts_messages(const MetricInfo& metric) {
  return metric.kind == MetricKind::counter && metric.name.contains("_msgs_");
}

struct SecondFigures {
  double requests = 0, messages = 0, iterations = 0;
  std::uint64_t failed = 0;
  Histogram duration;
  Histogram slip;

  void take(const SecondRow& row) {
    const std::string& metric = row.series->metric.name;
    if (counts_requests(row.series->metric)) requests += row.sink.sum();
    if (counts_messages(row.series->metric)) messages += row.sink.sum();
    if (metric == "grpc_req_duration") {  // k6 counts gRPC's calls by this one alone.
      requests += static_cast<double>(row.sink.count());
      if (tag_value(row.series->tags, "status") != "0") failed += row.sink.count();
    }
    if (metric == "iterations") iterations += row.sink.sum();
    if (counts_failures(row.series->metric)) failed += row.sink.hits();
    if (times_requests(row.series->metric)) duration.merge(row.sink.histogram());
    if (metric == "generator_schedule_slip") slip.merge(row.sink.histogram());
  }
};

Duration quantile_of(const Histogram& histogram, double quantile) {
  return histogram.moments().count == 0 ? Duration{} : duration_of(histogram.quantile(quantile));
}

}  // namespace

Seconds::Seconds(std::uint32_t generators) : origins_(generators) {}

bool Seconds::all_ended() const {
  return std::ranges::all_of(origins_, [](const Origin& origin) { return origin.ended; });
}

Result<std::vector<ClosedSecond>> Seconds::take(const GeneratorSecond& second) {
  TRY(totals_.merge(second.generator, second.snapshot));
  Origin& origin = origins_[second.generator];
  // One that vanished says no more than that.
  origin.delivered = std::max(origin.delivered, second.snapshot.second);
  origin.ended = second.last;
  if (second.last) totals_.end(second.generator);
  if (!second.progress.empty()) origin.progress = second.progress;
  origin.cpu = second.cpu;

  std::int64_t complete = std::numeric_limits<std::int64_t>::max();
  std::int64_t newest = -1;
  for (const Origin& each : origins_) {
    newest = std::max(newest, each.delivered);
    if (!each.ended) complete = std::min(complete, each.delivered);
  }
  complete = std::min(complete, newest);
  return close_until(complete);
}

std::vector<ClosedSecond> Seconds::close_until(std::int64_t second) {
  std::vector<ClosedSecond> closed;
  while (closed_ < second) {
    ++closed_;
    closed.push_back({closed_, totals_.close_second(closed_)});
  }
  return closed;
}

Result<> Seconds::take_aside(const Snapshot& snapshot, Aside recorder) {
  return totals_.merge(origin_of(recorder), snapshot);
}

std::vector<ScenarioInfo> Seconds::scenarios(const Plan& plan) const {
  std::vector<ScenarioInfo> infos;
  const auto units = load_units(plan);
  for (std::size_t i = 0; i < units.size(); ++i) {
    const ScenarioOptions& load = units[i].load;
    ScenarioInfo info{.name = load.name,
                      .executor = std::string(name_of(load.executor)),
                      .description = describe_load(load),
                      .start = load.start_time,
                      .duration = load.planned_duration(),
                      .vus_max = load.vus_max(),
                      .open_model = is_open(load.executor)};
    std::optional<Duration> started;
    for (const Origin& origin : origins_) {
      if (i >= origin.progress.size()) continue;
      // After another: when that had ended.
      started = std::min(started.value_or(Duration::max()), origin.progress[i].start_time);
      info.start = *started;
      const LoadCounts& counts = origin.progress[i].now.counts;
      info.iterations_completed += counts.completed;
      info.iterations_interrupted += counts.interrupted;
      info.iterations_dropped += counts.dropped;
      info.iterations_late += counts.started_late;
    }
    infos.push_back(std::move(info));
  }
  return infos;
}

VuCount Seconds::vus(std::size_t unit) const {
  VuCount count;
  for (const Origin& origin : origins_) {
    if (unit >= origin.progress.size()) continue;
    count.active += origin.progress[unit].now.vus_active;
    count.there += origin.progress[unit].now.vus;
  }
  return count;
}

std::vector<CheckResult> Seconds::checks() const {
  // In the order in which they were first made: that of the script's code.
  std::vector<CheckResult> checks;
  std::map<std::pair<std::string, std::string>, std::size_t> places;
  for (const TotalSeries& series : totals_.all()) {
    if (series.metric.name != "checks") continue;
    const std::string name(tag_value(series.tags, "check"));
    const std::string group(tag_value(series.tags, "group"));
    const auto [place, is_new] = places.try_emplace({group, name}, checks.size());
    if (is_new) checks.push_back({.name = name, .group = group});
    CheckResult& check = checks[place->second];
    check.passes += series.total.hits();
    check.fails += series.total.count() - series.total.hits();
  }
  return checks;
}

Progress Seconds::progress(const Plan& plan, std::span<const ClosedSecond> closed) {
  Progress progress;
  const auto units = load_units(plan);
  for (std::size_t i = 0; i < units.size(); ++i) {
    std::vector<const ScenarioProgress*> parts;
    for (const Origin& origin : origins_)
      if (i < origin.progress.size()) parts.push_back(&origin.progress[i]);
    if (parts.empty()) continue;
    const ScenarioProgress sum = merged(parts);
    const std::uint64_t planned = iterations_planned(parts, units[i].load);
    // Arrivals are planned too, but come at their times: some may never be done.
    const bool by_iterations = planned > 0 && !is_open(units[i].load.executor);
    progress.scenarios.push_back({.name = sum.name,
                                  .description = describe_load(units[i].load),
                                  .elapsed = sum.now.elapsed,
                                  .duration = by_iterations ? Duration{} : sum.now.duration,
                                  .iterations_done = sum.now.counts.completed,
                                  .iterations_planned = planned,
                                  .vus_active = sum.now.vus_active,
                                  .vus_max = sum.now.vus_max,
                                  .started = sum.now.phase >= ExecutorPhase::running,
                                  .ended = sum.now.phase == ExecutorPhase::ended});
    progress.dropped += sum.now.counts.dropped;
    progress.interrupted += sum.now.counts.interrupted;
  }
  SecondFigures figures;
  for (const ClosedSecond& second : closed)
    for (const SecondRow& row : second.rows) figures.take(row);
  const auto seconds = static_cast<double>(std::max<std::size_t>(closed.size(), 1));
  requests_ += static_cast<std::uint64_t>(figures.requests);
  messages_ += static_cast<std::uint64_t>(figures.messages);
  failed_ += figures.failed;
  progress.requests_each_second = figures.requests / seconds;
  progress.messages_each_second = figures.messages / seconds;
  progress.iterations_each_second = figures.iterations / seconds;
  progress.p50 = quantile_of(figures.duration, 0.5);
  progress.p95 = quantile_of(figures.duration, 0.95);
  progress.p99 = quantile_of(figures.duration, 0.99);
  progress.slip_p99 = quantile_of(figures.slip, 0.99);
  progress.requests = requests_;
  progress.messages = messages_;
  progress.failed = failed_;
  progress.failed_last_second = figures.failed;
  for (const Origin& origin : origins_)
    progress.generator_cpu = std::max(progress.generator_cpu, origin.cpu);
  return progress;
}

}  // namespace brunt
