#include "metrics/sink.h"

#include <cmath>
#include <utility>

#include "base/assert.h"

namespace brunt {

Sink::Sink(MetricKind kind)
    : kind_(kind),
      histogram_(kind == MetricKind::trend ? std::make_unique<Histogram>() : nullptr) {}

Sink::Sink(const Sink& other)
    : kind_(other.kind_),
      moments_(other.moments_),
      last_(other.last_),
      histogram_(other.histogram_ ? std::make_unique<Histogram>(*other.histogram_) : nullptr) {}

Sink& Sink::operator=(const Sink& other) {
  if (this != &other) *this = Sink(other);
  return *this;
}

bool Sink::add_plain(double value) {
  if (!std::isfinite(value)) return false;
  if (kind_ == MetricKind::rate) value = value != 0 ? 1 : 0;
  moments_.add(value);
  last_ = value;
  return true;
}

void Sink::merge(const Sink& later) {
  ASSERT(kind_ == later.kind_);
  if (histogram_ != nullptr) return histogram_->merge(*later.histogram_);
  if (later.empty()) return;
  moments_.merge(later.moments_);
  last_ = later.last_;
}

void Sink::clear() {
  moments_ = {};
  last_ = 0;
  if (histogram_ != nullptr) histogram_->clear();
}

std::uint64_t Sink::hits() const {
  ASSERT(kind_ == MetricKind::rate);
  return static_cast<std::uint64_t>(moments_.sum);
}

double Sink::share() const {
  ASSERT(kind_ == MetricKind::rate);
  return moments_.mean();
}

const Histogram& Sink::histogram() const {
  ASSERT(histogram_ != nullptr);
  return *histogram_;
}

Histogram& Sink::histogram() {
  ASSERT(histogram_ != nullptr);
  return *histogram_;
}

std::size_t Sink::memory_bytes() const {
  return sizeof(*this) + (histogram_ ? histogram_->memory_bytes() : 0);
}

Sink Sink::restore(MetricKind kind, const Moments& moments, double last) {
  ASSERT(kind != MetricKind::trend);
  Sink sink(kind);
  sink.moments_ = moments;
  sink.last_ = last;
  return sink;
}

Sink Sink::restore(Histogram histogram) {
  Sink sink(MetricKind::trend);
  *sink.histogram_ = std::move(histogram);
  return sink;
}

bool operator==(const Sink& a, const Sink& b) {
  if (a.kind_ != b.kind_) return false;
  if (a.histogram_ != nullptr) return *a.histogram_ == *b.histogram_;
  return a.moments_ == b.moments_ && a.last_ == b.last_;
}

}  // namespace brunt
