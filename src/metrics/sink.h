// What a series adds up to: one accumulator for all four kinds of metric, for a second or for a
// whole run. Merging two sinks of the same kind is as if all values had gone into one.
#pragma once
#include <memory>

#include "metrics/histogram.h"
#include "metrics/metric.h"
#include "metrics/moments.h"

namespace brunt {

class Sink {
 public:
  explicit Sink(MetricKind kind);
  Sink(Sink&&) = default;
  Sink& operator=(Sink&&) = default;
  Sink(const Sink& other);
  Sink& operator=(const Sink& other);

  // Returns false, and changes nothing, for NaN and infinities.
  bool add(double value) {
    if (histogram_ != nullptr) return histogram_->record(value);
    return add_plain(value);
  }

  // REQUIRES: the same kind. Of two gauges, `later` has the last value.
  void merge(const Sink& later);
  void clear();  // To empty, keeping a trend's memory.

  MetricKind kind() const { return kind_; }
  bool empty() const { return moments().count == 0; }
  const Moments& moments() const {
    return histogram_ != nullptr ? histogram_->moments() : moments_;
  }
  std::uint64_t count() const { return moments().count; }
  double sum() const { return moments().sum; }  // A counter's value.
  double last() const { return last_; }         // A gauge's value.

  // A rate's: how many values were not zero, and their share (0 when empty).
  std::uint64_t hits() const;
  double share() const;

  // A trend's. REQUIRES: kind() == trend.
  const Histogram& histogram() const;
  Histogram& histogram();

  std::size_t memory_bytes() const;

  // Puts together a sink that is not a trend from its parts: for decoders.
  static Sink restore(MetricKind kind, const Moments& moments, double last);
  static Sink restore(Histogram histogram);

  friend bool operator==(const Sink& a, const Sink& b);

 private:
  bool add_plain(double value);

  MetricKind kind_;
  Moments moments_;  // Of counters, gauges and rates (whose values are 0 and 1).
  double last_ = 0;
  std::unique_ptr<Histogram> histogram_;  // Of trends.
};

}  // namespace brunt
