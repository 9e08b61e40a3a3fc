#include "judge/honesty_gate.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"

namespace brunt {
namespace {

std::string percent(double share) {
  return fmt::format("{:.3g}%", share * 100);
}

void raise(double& highest, double value) {
  highest = std::max(highest, value);
}

double share_of(double part, double whole) {
  return whole > 0 ? part / whole : 0;
}

}  // namespace

void HonestyGate::observe(std::span<const SecondRow> rows) {
  for (const SecondRow& row : rows) observe_row(row);
}

HonestyGate::Second& HonestyGate::second_of(const SecondRow& row) {
  if (seconds_.empty() || seconds_.back().number < row.second) {
    seconds_.emplace_back();
    seconds_.back().number = row.second;
  }
  return seconds_.back();
}

void HonestyGate::observe_row(const SecondRow& row) {
  const std::string& metric = row.series->metric.name;
  const auto is = [&](MetricId id) { return metric == name_of(id); };
  if (is(MetricId::response_time)) return response_.merge(row.sink.histogram());
  if (times_requests(row.series->metric)) return service_.merge(row.sink.histogram());
  if (is(MetricId::iterations)) iterations_ += row.sink.sum();
  if (is(MetricId::dropped_iterations)) second_of(row).dropped += row.sink.sum();
  if (is(MetricId::generator_dropped)) second_of(row).dropped_by_lateness += row.sink.sum();
  if (is(MetricId::generator_delay)) second_of(row).delay.merge(row.sink.histogram());
  if (is(MetricId::generator_cpu)) raise(second_of(row).cpu, row.sink.last());
  if (is(MetricId::generator_held_up)) raise(second_of(row).held_up_ms, row.sink.moments().max());
  if (is(MetricId::generator_schedule_slip)) {
    second_of(row).slip.merge(row.sink.histogram());
    slip_.merge(row.sink.histogram());
  }
  if (is(MetricId::generator_loop_lag)) {
    raise(second_of(row).lag_ms, row.sink.moments().max());
    lag_.merge(row.sink.histogram());
  }
}

// A bound that matters for what was measured: 10 ms are much for a service of 5 ms and nothing for
// one of 2 s.
double HonestyGate::grown(Duration bound, double median_ms) const {
  return std::max(time_value(bound), bounds_.median_share * median_ms);
}

void HonestyGate::add_lateness(GeneratorHealth& health, double median_ms) const {
  const double late_ms = grown(bounds_.start_late, median_ms);
  std::uint64_t late = 0;
  double cpu_sum = 0, dropped = 0, dropped_by_generator = 0;
  std::uint32_t cpu_seconds = 0, saturated = 0;
  for (const Second& second : seconds_) {
    const bool cpu_used_up = second.cpu >= bounds_.cpu_busy;
    const Histogram& ours = cpu_used_up ? second.slip : second.delay;
    late += ours.count() - ours.count_at_most(late_ms);
    dropped += second.dropped;
    dropped_by_generator += cpu_used_up ? second.dropped : second.dropped_by_lateness;
    if (second.cpu >= 0) {
      cpu_sum += second.cpu;
      ++cpu_seconds;
    }
    saturated += cpu_used_up ? 1 : 0;
    raise(health.cpu_max, second.cpu);
  }
  health.late_share = share_of(static_cast<double>(late), static_cast<double>(health.starts));
  health.dropped_share = share_of(dropped_by_generator, iterations_ + dropped);
  health.cpu_mean = share_of(cpu_sum, cpu_seconds);
  health.saturated_share = share_of(saturated, cpu_seconds);
  // A single second is no run: its rate says nothing yet.
  health.saturated = saturated >= 2 && health.saturated_share >= bounds_.saturated_share;
}

void HonestyGate::add_hold_ups(GeneratorHealth& health, double median_ms) const {
  const double lag_ms = grown(bounds_.lag_busy, median_ms);
  double held_up_ms = 0;
  for (const Second& second : seconds_) {
    if (second.lag_ms < lag_ms) continue;
    held_up_ms += second.held_up_ms;
    ++health.lag_seconds;
  }
  health.held_up = duration_of(held_up_ms);
  health.held_up_share = share_of(held_up_ms, time_value(std::chrono::seconds(health.seconds)));
}

GeneratorHealth HonestyGate::health() const {
  GeneratorHealth health;
  // A closed model has no response time: there is no planned instant to count from.
  const double median_ms = (response_.count() > 0 ? response_ : service_).quantile(0.5);
  health.seconds = static_cast<std::uint32_t>(seconds_.size());
  health.starts = slip_.count();
  health.slip_p50 = duration_of(slip_.quantile(0.5));
  health.slip_p99 = duration_of(slip_.quantile(0.99));
  health.slip_max = duration_of(slip_.max());
  health.lag_p99 = duration_of(lag_.quantile(0.99));
  health.lag_max = duration_of(lag_.max());
  add_lateness(health, median_ms);
  add_hold_ups(health, median_ms);
  health.complaint = complaint_of(health, median_ms);
  return health;
}

std::string HonestyGate::complaint_of(const GeneratorHealth& health, double median_ms) const {
  const auto bound_text = [&](Duration bound) {
    return format_duration(duration_of(grown(bound, median_ms)));
  };
  if (health.late_share > bounds_.late_share_max)
    return fmt::format(
        "{} of the iterations started more than {} late for want of time in the generator (slip "
        "p99 {}, longest turn of its loop {}, CPU up to {} of a core)",
        percent(health.late_share), bound_text(bounds_.start_late),
        format_duration(health.slip_p99), format_duration(health.lag_max), percent(health.cpu_max));
  if (health.dropped_share > bounds_.late_share_max)
    return fmt::format("{} of the arrivals were dropped because it had no time for them",
                       percent(health.dropped_share));
  const bool is_more_than_a_hiccup =
      health.lag_seconds >= bounds_.lag_seconds_min || health.held_up >= bounds_.held_up_min;
  if (health.held_up_share > bounds_.held_up_share_max && is_more_than_a_hiccup)
    return fmt::format(
        "for {} of the time its loop was held up (in {} of {} seconds by {} or more, longest {}), "
        "and replies waited meanwhile",
        percent(health.held_up_share), health.lag_seconds, health.seconds,
        bound_text(bounds_.lag_busy), format_duration(health.lag_max));
  return {};
}

}  // namespace brunt
