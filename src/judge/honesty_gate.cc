#include "judge/honesty_gate.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"

namespace brunt {
namespace {

std::string percent(double share) {
  return fmt::format("{:.3g}%", share * 100);
}

}  // namespace

void HonestyGate::observe(std::span<const SecondRow> rows) {
  for (const SecondRow& row : rows) observe_row(row);
}

void HonestyGate::observe_row(const SecondRow& row) {
  const std::string& metric = row.series->metric.name;
  const auto is = [&](MetricId id) { return metric == name_of(id); };
  if (is(MetricId::response_time)) return response_.merge(row.sink.histogram());
  if (times_requests(row.series->metric)) return service_.merge(row.sink.histogram());
  if (is(MetricId::dropped_iterations)) dropped_ += row.sink.sum();
  if (is(MetricId::generator_dropped)) dropped_by_generator_ += row.sink.sum();
  if (is(MetricId::iterations)) iterations_ += row.sink.sum();
  const bool slip = is(MetricId::generator_schedule_slip);
  const bool cpu = is(MetricId::generator_cpu);
  const bool lag = is(MetricId::generator_loop_lag);
  if (!slip && !cpu && !lag) return;
  if (seconds_.empty() || seconds_.back().number < row.second) {
    seconds_.emplace_back();
    seconds_.back().number = row.second;
  }
  Second& second = seconds_.back();
  if (slip) {
    second.slip.merge(row.sink.histogram());
    slip_.merge(row.sink.histogram());
  }
  if (cpu) second.cpu = std::max(second.cpu, row.sink.last());
  if (lag) {
    second.lag_ms = std::max(second.lag_ms, row.sink.moments().max());
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
  const double lag_ms = grown(bounds_.lag_busy, median_ms);
  std::uint64_t late = 0;
  double cpu_sum = 0;
  std::uint32_t cpu_seconds = 0, saturated = 0, lagging = 0;
  for (const Second& second : seconds_) {
    const bool cpu_used_up = second.cpu >= bounds_.cpu_busy;
    const bool lags = second.lag_ms >= lag_ms;
    if (cpu_used_up || lags) late += second.slip.count() - second.slip.count_at_most(late_ms);
    if (second.cpu >= 0) {
      cpu_sum += second.cpu;
      ++cpu_seconds;
    }
    saturated += cpu_used_up ? 1 : 0;
    lagging += lags ? 1 : 0;
    health.cpu_max = std::max(health.cpu_max, second.cpu);
  }
  const auto share_of = [](double part, double whole) { return whole > 0 ? part / whole : 0; };
  health.late_share = share_of(static_cast<double>(late), static_cast<double>(health.starts));
  health.cpu_mean = share_of(cpu_sum, cpu_seconds);
  health.saturated_share = share_of(saturated, cpu_seconds);
  health.lag_share = share_of(lagging, health.seconds);
  // A single second is no run: its rate says nothing yet.
  health.saturated = saturated >= 2 && health.saturated_share >= bounds_.saturated_share;
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
  const double arrivals = iterations_ + dropped_;
  health.dropped_share = arrivals > 0 ? dropped_by_generator_ / arrivals : 0;
  add_lateness(health, median_ms);
  health.complaint = complaint_of(health, median_ms);
  return health;
}

std::string HonestyGate::complaint_of(const GeneratorHealth& health, double median_ms) const {
  const auto bound_text = [&](Duration bound) {
    return format_duration(duration_of(grown(bound, median_ms)));
  };
  if (health.late_share > bounds_.late_share_max)
    return fmt::format(
        "{} of the iterations started more than {} late while its thread was busy (slip p99 {}, "
        "CPU up to {} of a core)",
        percent(health.late_share), bound_text(bounds_.start_late),
        format_duration(health.slip_p99), percent(health.cpu_max));
  if (health.dropped_share > bounds_.late_share_max)
    return fmt::format("{} of the arrivals were dropped because it had no time for them",
                       percent(health.dropped_share));
  const auto lagging = health.lag_share * health.seconds;
  if (health.lag_share > bounds_.lag_share_max && lagging + 0.5 >= bounds_.lag_seconds_min)
    return fmt::format(
        "in {} of the seconds its loop was held up for {} or more (longest {}), and replies "
        "waited meanwhile",
        percent(health.lag_share), bound_text(bounds_.lag_busy), format_duration(health.lag_max));
  return {};
}

}  // namespace brunt
