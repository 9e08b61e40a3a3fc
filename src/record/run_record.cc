#include "record/run_record.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/assert.h"

namespace brunt {
namespace {

// Puts rows of one metric together, row by row: sinks of one second first, then over time.
class Accumulator {
 public:
  explicit Accumulator(const MetricInfo& metric) : metric_(metric) {}

  void add(const RecordRow& row) {
    auto sink = sink_of(row, metric_.kind);
    if (!sink) return;
    if (metric_.kind != MetricKind::gauge) {
      put(row.second, std::move(*sink));
      return;
    }
    Level& level = levels_[row.second];
    const bool adds = metric_.merge == GaugeMerge::sum;
    level.count += row.count;
    level.value = level.count == row.count ? row.last
                  : adds                   ? level.value + row.last
                                           : std::max(level.value, row.last);
    level.low = adds ? level.value : std::min(level.low, row.min);
    level.high = adds ? level.value : std::max(level.high, row.max);
  }

  // Ascending by second.
  std::map<std::uint32_t, Sink> finish() {
    for (const auto& [second, level] : levels_) {
      const Moments moments{.count = level.count,
                            .sum = level.value * static_cast<double>(level.count),
                            .low = std::min(level.low, level.value),
                            .high = std::max(level.high, level.value)};
      seconds_.emplace(second, Sink::restore(MetricKind::gauge, moments, level.value));
    }
    return std::move(seconds_);
  }

 private:
  struct Level {
    std::uint64_t count = 0;
    double value = 0;
    double low = std::numeric_limits<double>::infinity();
    double high = -std::numeric_limits<double>::infinity();
  };

  void put(std::uint32_t second, Sink sink) {
    const auto found = seconds_.find(second);
    if (found == seconds_.end())
      seconds_.emplace(second, std::move(sink));
    else
      found->second.merge(sink);
  }

  MetricInfo metric_;
  std::map<std::uint32_t, Sink> seconds_;
  std::map<std::uint32_t, Level> levels_;
};

std::map<std::uint32_t, Sink> gather(const RunRecord& record, const Selector& selector,
                                     SecondWindow window) {
  std::vector<bool> wanted(record.series.size(), false);
  for (const std::uint32_t index : record.matching(selector)) wanted[index] = true;
  const MetricInfo* metric = record.find_metric(selector.metric);
  if (metric == nullptr) return {};
  Accumulator accumulator(*metric);
  for (const RecordRow& row : record.rows)
    if (wanted[row.series] && window.holds(row.second)) accumulator.add(row);
  return accumulator.finish();
}

}  // namespace

std::uint32_t RunRecord::seconds() const {
  std::uint32_t seconds = 0;
  for (const RecordRow& row : rows) seconds = std::max(seconds, row.second + 1);
  return seconds;
}

Duration RunRecord::duration() const {
  if (run.ended.unix_ns > run.started.unix_ns)
    return Duration(run.ended.unix_ns - run.started.unix_ns);
  return std::chrono::seconds(seconds());
}

SecondWindow RunRecord::after_warm_up() const {
  const auto cut = static_cast<std::uint32_t>(
      std::max<std::int64_t>(0, std::chrono::ceil<std::chrono::seconds>(run.warm_up).count()));
  const std::uint32_t end = seconds();
  return {.from = cut < end ? cut : 0, .to = end};
}

std::vector<std::uint32_t> RunRecord::matching(const Selector& selector) const {
  std::vector<std::uint32_t> found;
  for (const SeriesInfo& one : series)
    if (selector.matches(one.metric, one.tags)) found.push_back(one.id);
  return found;
}

const MetricInfo* RunRecord::find_metric(std::string_view name) const {
  for (const SeriesInfo& one : series)
    if (one.metric.name == name) return &one.metric;
  return nullptr;
}

std::vector<std::string> RunRecord::metrics() const {
  std::set<std::string> names;
  for (const SeriesInfo& one : series) names.insert(one.metric.name);
  return {names.begin(), names.end()};
}

std::vector<std::string> RunRecord::tag_values(std::string_view metric,
                                               std::string_view tag) const {
  std::set<std::string> values;
  for (const SeriesInfo& one : series)
    if (one.metric.name == metric) values.emplace(tag_value(one.tags, tag));
  values.erase("");
  return {values.begin(), values.end()};
}

std::optional<Sink> RunRecord::merged(const Selector& selector, SecondWindow window) const {
  std::optional<Sink> whole;
  for (auto& [second, sink] : gather(*this, selector, window)) {
    if (!whole)
      whole = std::move(sink);
    else
      whole->merge(sink);
  }
  return whole;
}

std::vector<std::optional<Sink>> RunRecord::by_second(const Selector& selector,
                                                      SecondWindow window) const {
  std::vector<std::optional<Sink>> seconds(window.length());
  for (auto& [second, sink] : gather(*this, selector, window))
    seconds[second - window.from] = std::move(sink);
  return seconds;
}

RecordBuilder::RecordBuilder(RunRecord& record) : record_(record) {
  for (const SeriesInfo& one : record.series)
    by_name_.emplace(one.metric.name + format_tags(one.tags), one.id);
  ids_.resize(record.origins.size());
}

std::uint32_t RecordBuilder::series(const MetricInfo& metric, const TagSet& tags) {
  const auto next = static_cast<std::uint32_t>(record_.series.size());
  const auto [place, added] = by_name_.emplace(metric.name + format_tags(tags), next);
  if (added) record_.series.push_back({.id = next, .metric = metric, .tags = tags});
  return place->second;
}

std::uint16_t RecordBuilder::origin(std::string_view name) {
  const auto found = std::ranges::find(record_.origins, name);
  if (found != record_.origins.end())
    return static_cast<std::uint16_t>(found - record_.origins.begin());
  record_.origins.emplace_back(name);
  ids_.emplace_back();
  return static_cast<std::uint16_t>(record_.origins.size() - 1);
}

Result<> RecordBuilder::append(const SecondRecord& second) {
  const std::uint16_t origin_index = origin(second.origin);
  auto& ids = ids_[origin_index];
  for (const SeriesInfo& one : second.new_series) ids[one.id] = series(one.metric, one.tags);
  for (const RecordRow& row : second.rows) {
    const auto own = ids.find(row.series);
    if (own == ids.end())
      return fail(ErrorCode::malformed, "second " + std::to_string(second.second) + " of " +
                                            second.origin + " names series " +
                                            std::to_string(row.series) +
                                            ", which was never announced");
    RecordRow& mine = record_.rows.emplace_back(row);
    mine.series = own->second;
    mine.origin = origin_index;
    mine.second = second.second;
  }
  return {};
}

}  // namespace brunt
