#include "metrics/totals.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace brunt {

namespace {

Sink sum_of_gauges(const Sink& a, const Sink& b) {
  const Moments& left = a.moments();
  const Moments& right = b.moments();
  const Moments moments{.count = left.count + right.count,
                        .sum = left.sum + right.sum,
                        .low = left.low + right.low,
                        .high = left.high + right.high};
  return Sink::restore(MetricKind::gauge, moments, a.last() + b.last());
}

}  // namespace

std::string Selector::text() const {
  return metric + format_tags(tags);
}

Result<std::uint32_t> Totals::define(const SeriesDefinition& definition) {
  const std::string name = definition.metric.name + format_tags(definition.tags);
  const auto found = by_name_.find(name);
  if (found != by_name_.end()) {
    // format_tags is for people: `{a:b,c:d}` is one tag or two. Take the name as a first guess.
    const TotalSeries& known = series_[found->second];
    if (known.metric.kind != definition.metric.kind)
      return fail(ErrorCode::malformed, fmt::format("series {} changes its kind", name));
    if (known.tags == definition.tags) return found->second;
    for (const TotalSeries& other : series_)
      if (other.metric.name == definition.metric.name && other.tags == definition.tags)
        return other.index;
  }
  if (series_.size() >= limits_.series_max)
    return fail(ErrorCode::exhausted, fmt::format("more than {} series", limits_.series_max));
  const auto index = static_cast<std::uint32_t>(series_.size());
  series_.push_back({index, definition.metric, definition.tags, Sink(definition.metric.kind)});
  by_name_.try_emplace(name, index);
  return index;
}

Result<> Totals::merge(std::uint32_t origin, const Snapshot& snapshot) {
  const std::int64_t second = std::max(snapshot.second, closed_ + 1);
  if (!open_.contains(second) && open_.size() >= limits_.seconds_open_max)
    return fail(ErrorCode::exhausted,
                fmt::format("more than {} seconds are open", limits_.seconds_open_max));
  Origin& from = origins_[origin];
  from.second = second;
  for (const SeriesDefinition& definition : snapshot.defined) {
    // Ids count up from 0, so the next one is the only new one there can be.
    if (static_cast<std::size_t>(definition.id) != from.series.size())
      return fail(ErrorCode::malformed, "snapshot: a series is defined out of order");
    from.series.push_back(TRY(define(definition)));
  }
  OpenSecond& open = open_[second];
  for (const SeriesRow& row : snapshot.rows) TRY(merge_row(origin, row, open));
  samples_missed_ += snapshot.samples_missed;
  values_refused_ += snapshot.values_refused;
  from.series_overflowed = snapshot.series_overflowed;
  return {};
}

Result<> Totals::merge_row(std::uint32_t origin, const SeriesRow& row, OpenSecond& second) {
  const std::vector<std::uint32_t>& known = origins_[origin].series;
  const auto id = static_cast<std::size_t>(row.id);
  if (id >= known.size())
    return fail(ErrorCode::malformed, "snapshot: a row's series was never defined");
  TotalSeries& series = series_[known[id]];
  if (row.sink.kind() != series.metric.kind)
    return fail(ErrorCode::malformed,
                fmt::format("snapshot: a row of {} is of another kind", series.metric.name));
  const auto [place, is_new] = second.try_emplace(series.index, Sink(row.sink.kind()));
  OpenSeries& open = place->second;
  open.sink.merge(row.sink);
  if (row.sink.kind() == MetricKind::gauge)
    open.gauges[origin] = row.sink.last();
  else
    series.total.merge(row.sink);
  return {};
}

void Totals::end(std::uint32_t origin) {
  origins_[origin].ended = true;
}

void Totals::drop_ended(std::int64_t second) {
  for (const auto& [id, origin] : origins_) {
    if (!origin.ended || origin.second > second) continue;
    for (auto& [series, values] : gauges_) values.erase(id);
  }
}

std::vector<SecondRow> Totals::close_second(std::int64_t second) {
  std::vector<SecondRow> rows;
  while (!open_.empty() && open_.begin()->first <= second) {
    auto node = open_.extract(open_.begin());
    drop_ended(node.key());
    for (auto& [index, open] : node.mapped()) {
      rows.push_back(close_row(series_[index], open));
      rows.back().second = node.key();
    }
  }
  closed_ = std::max(closed_, second);
  return rows;
}

SecondRow Totals::close_row(TotalSeries& series, OpenSeries& open) {
  SecondRow row{&series, 0, std::move(open.sink), 0, 0, 0, {}};
  if (series.metric.kind == MetricKind::gauge) {
    row.sink = close_gauge(series, OpenSeries{std::move(row.sink), std::move(open.gauges)});
    series.total.merge(row.sink);
  } else if (series.metric.kind == MetricKind::trend) {
    const Histogram& histogram = row.sink.histogram();
    row.p50 = histogram.quantile(0.50);
    row.p95 = histogram.quantile(0.95);
    row.p99 = histogram.quantile(0.99);
    row.histogram = histogram.encode();
  }
  return row;
}

// What a gauge showed in this second over all origins (metric.h, GaugeMerge).
Sink Totals::close_gauge(TotalSeries& series, const OpenSeries& open) {
  Moments moments = open.sink.moments();
  if (series.metric.merge == GaugeMerge::sum) {
    std::map<std::uint32_t, double>& last_of = gauges_[series.index];
    for (const auto& [origin, value] : open.gauges) last_of[origin] = value;
    double sum = 0;
    for (const auto& [origin, value] : last_of) sum += value;
    // With one origin its own extremes within the second are the truth; of several nobody knows
    // which coincided, so only the sum at the second's end counts.
    if (last_of.size() > 1) moments = {.count = 1, .sum = sum, .low = sum, .high = sum};
    return Sink::restore(MetricKind::gauge, moments, sum);
  }
  double largest = open.gauges.begin()->second;
  for (const auto& [origin, value] : open.gauges) largest = std::max(largest, value);
  return Sink::restore(MetricKind::gauge, moments, largest);
}

std::optional<Sink> Totals::select(const Selector& selector) const {
  std::optional<Sink> selected;
  for (const TotalSeries& series : series_) {
    if (series.total.empty() || !selector.matches(series.metric, series.tags)) continue;
    if (selected && series.metric.kind == MetricKind::gauge &&
        series.metric.merge == GaugeMerge::sum)
      selected = sum_of_gauges(*selected, series.total);
    else if (selected)
      selected->merge(series.total);
    else
      selected = series.total;
  }
  return selected;
}

const MetricInfo* Totals::find_metric(std::string_view name) const {
  const auto found =
      std::ranges::find_if(series_, [&](const TotalSeries& s) { return s.metric.name == name; });
  return found != series_.end() ? &found->metric : nullptr;
}

std::uint64_t Totals::series_overflowed() const {
  std::uint64_t sum = 0;
  for (const auto& [id, origin] : origins_) sum += origin.series_overflowed;
  return sum;
}

}  // namespace brunt
