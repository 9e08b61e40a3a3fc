#include "metrics/subject.h"

#include <algorithm>

namespace brunt {

void SubjectSamples::add(double value) {
  if (many_ == nullptr && exact_.size() < exact_max) {
    exact_.push_back(static_cast<float>(value));
    return;
  }
  if (many_ == nullptr) {
    many_ = std::make_unique<Histogram>();
    for (const float one : exact_) many_->record(static_cast<double>(one));
    exact_ = {};
  }
  many_->record(value);
}

std::uint64_t SubjectSamples::count() const {
  return many_ ? many_->count() : exact_.size();
}

double SubjectSamples::median() const {
  if (many_) return many_->quantile(0.5);
  if (exact_.empty()) return 0;
  std::vector<float> sorted = exact_;
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::ranges::nth_element(sorted, middle);
  const double upper = static_cast<double>(*middle);
  if (sorted.size() % 2 == 1) return upper;
  return (static_cast<double>(*std::max_element(sorted.begin(), middle)) + upper) / 2;
}

std::size_t SubjectSamples::memory_bytes() const {
  return sizeof *this + exact_.capacity() * sizeof(float) + (many_ ? many_->memory_bytes() : 0);
}

void Subject::add(MetricId metric, Duration value) {
  for (auto& [known, samples] : metrics_)
    if (known == metric) return samples.add(time_value(value));
  metrics_.emplace_back(metric, SubjectSamples());
  metrics_.back().second.add(time_value(value));
}

void Subject::append_figures(std::vector<SubjectFigure>& out) const {
  for (const auto& [metric, samples] : metrics_) {
    const std::string metric_name(name_of(metric));
    if (metric == MetricId::setup_time) {
      out.push_back({name_, metric_name, samples.median()});
      continue;
    }
    out.push_back({name_, metric_name + ".median", samples.median()});
    out.push_back({name_, metric_name + ".count", static_cast<double>(samples.count())});
  }
}

}  // namespace brunt
