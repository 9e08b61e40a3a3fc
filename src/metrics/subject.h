// What is measured of one subject (a client, a virtual user), beside the series of the whole: for
// questions such as "which clients were slow to connect", where a hundred thousand tags would be
// too many series.
//
//   Subject client("17");
//   client.add(MetricId::frame_req_duration, elapsed);
//   client.append_figures(figures);    // frame_req_duration.median, frame_req_duration.count
//
// Samples are kept as they are (4 bytes each) as long as there are few, so their median is exact;
// beyond that they go into a histogram, whose median is within 0.1 %. One thread at a time.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "metrics/histogram.h"
#include "metrics/metric.h"

namespace brunt {

// One number about one subject.
struct SubjectFigure {
  std::string subject, metric;
  double value = 0;  // In the metric's unit: ms.
  friend bool operator==(const SubjectFigure&, const SubjectFigure&) = default;
};

class SubjectSamples {
 public:
  static constexpr std::size_t exact_max = 4096;  // 16 KB; a histogram is not much smaller.

  void add(double value);
  std::uint64_t count() const;
  double median() const;  // The mean of the middle two where there are two. 0 when empty.
  std::size_t memory_bytes() const;

 private:
  std::vector<float> exact_;
  std::unique_ptr<Histogram> many_;  // Instead, once there are more.
};

class Subject {
 public:
  explicit Subject(std::string name) : name_(std::move(name)) {}

  void rename(std::string name) { name_ = std::move(name); }
  const std::string& name() const { return name_; }

  // REQUIRES: a built-in metric.
  void add(MetricId metric, Duration value);

  // For setup_time its median by the metric's own name, as there is mostly one; for any other
  // `metric.median` and `metric.count`. In the order of the first samples.
  void append_figures(std::vector<SubjectFigure>& out) const;

 private:
  std::string name_;
  std::vector<std::pair<MetricId, SubjectSamples>> metrics_;  // Few.
};

}  // namespace brunt
