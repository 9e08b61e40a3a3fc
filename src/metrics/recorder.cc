#include "metrics/recorder.h"

#include <utility>

#include "base/assert.h"

namespace brunt {
namespace {

std::uint64_t key_of(MetricId metric, TagSetId tags) {
  return (static_cast<std::uint64_t>(metric) << 32U) | static_cast<std::uint64_t>(tags);
}

}  // namespace

Series::Series(Recorder& owner, SeriesId id, MetricKind kind)
    : owner_(owner), sink_(kind), id_(id) {}

// Out of the hot path: the first value since the freeze, and every value when tapped.
void Series::attend(double value) {
  if (!changed_) {
    changed_ = true;
    next_changed_ = owner_.changed_;
    owner_.changed_ = this;
    ++owner_.changed_count_;
  }
  attention_ = owner_.tapping();
  if (!attention_) return;
  if (owner_.pending_.samples.size() < owner_.options_.limits.tapped_samples_max)
    owner_.pending_.samples.push_back({id_, owner_.stamp_, value});
  else
    ++owner_.pending_.samples_missed;
}

void Series::refuse() {
  ++owner_.pending_.values_refused;
  if (!owner_.tapping() || owner_.pending_.samples.empty()) return;
  // attend() has tapped it before the sink refused it.
  if (owner_.pending_.samples.back().series == id_) owner_.pending_.samples.pop_back();
}

Recorder::Recorder(const MetricRegistry& registry, const Options& options)
    : registry_(registry), options_(options) {}

Series& Recorder::series(MetricId metric, TagSetId tags) {
  const auto found = by_key_.find(key_of(metric, tags));
  if (found != by_key_.end()) return *found->second;
  if (all_.size() < options_.limits.series_max) return create(metric, tags);
  // Not entered under its own key: the map would grow without bound, too. The overflow series are
  // as many as there are metrics.
  ++pending_.series_overflowed;
  const TagSetId overflow = tags_.with(TagSetId::none, {{"overflow", "true"}});
  const auto shared = by_key_.find(key_of(metric, overflow));
  return shared != by_key_.end() ? *shared->second : create(metric, overflow);
}

Series& Recorder::create(MetricId metric, TagSetId tags) {
  const MetricInfo& info = registry_.info(metric);
  const auto id = static_cast<SeriesId>(all_.size());
  Series& series = all_.emplace_back(*this, id, info.kind);
  by_key_.emplace(key_of(metric, tags), &series);
  pending_.defined.push_back({id, info, tags_.get(tags)});
  return series;
}

Snapshot Recorder::freeze(std::int64_t second) {
  Snapshot snapshot = std::exchange(pending_, {});
  pending_.series_overflowed = snapshot.series_overflowed;
  pending_.samples = std::move(spare_samples_);
  snapshot.second = second;
  snapshot.rows = std::move(spare_rows_);
  snapshot.rows.reserve(changed_count_);
  for (Series* series = changed_; series != nullptr;) {
    Series* next = std::exchange(series->next_changed_, nullptr);
    series->changed_ = false;
    series->attention_ = true;
    // A refused value alone leaves nothing behind.
    if (!series->sink_.empty()) {
      const MetricKind kind = series->sink_.kind();
      Sink fresh = series->spare_ ? *std::move(series->spare_) : Sink(kind);
      series->spare_.reset();
      snapshot.rows.push_back({series->id_, std::exchange(series->sink_, std::move(fresh))});
    }
    series = next;
  }
  changed_ = nullptr;
  changed_count_ = 0;
  return snapshot;
}

void Recorder::recycle(Snapshot snapshot) {
  for (SeriesRow& row : snapshot.rows) {
    ASSERT(static_cast<std::size_t>(row.id) < all_.size() && row.sink.empty());
    all_[static_cast<std::size_t>(row.id)].spare_ = std::move(row.sink);
  }
  snapshot.rows.clear();
  snapshot.samples.clear();
  spare_rows_ = std::move(snapshot.rows);
  spare_samples_ = std::move(snapshot.samples);
}

std::size_t Recorder::memory_bytes() const {
  std::size_t bytes = sizeof(*this);
  for (const Series& series : all_)
    bytes += sizeof(Series) - sizeof(Sink) + series.sink_.memory_bytes() +
             (series.spare_ ? series.spare_->memory_bytes() - sizeof(Sink) : 0);
  return bytes;
}

void rinse(Snapshot& snapshot) {
  // A series that had fewer values than it has chunks was busy once and is quiet now.
  constexpr std::size_t quiet_chunks = 4;
  for (SeriesRow& row : snapshot.rows) {
    const bool disproportionate = row.sink.kind() == MetricKind::trend &&
                                  row.sink.histogram().chunks() > quiet_chunks &&
                                  row.sink.histogram().chunks() > row.sink.count();
    if (disproportionate)
      row.sink = Sink(MetricKind::trend);
    else
      row.sink.clear();
  }
}

}  // namespace brunt
