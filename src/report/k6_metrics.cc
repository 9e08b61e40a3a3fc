#include "report/k6_metrics.h"

#include <algorithm>

#include "metrics/threshold.h"
#include "report/figures.h"

namespace brunt {
namespace {

// All names, or those of series that have the tags.
std::vector<std::string> names_of(const RunRecord& record, const TagSet& tags) {
  std::vector<std::string> names;
  for (const std::string& name : record.metrics())
    if (is_of_load(name) && (tags.empty() || !record.matching({name, tags}).empty()))
      names.push_back(name);
  if (!tags.empty()) return names;
  const auto add = [&](const std::string& name) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  };
  if (record.find_metric("http_req_duration") != nullptr)
    add("http_req_duration{expected_response:true}");
  for (const ThresholdResult& threshold : record.thresholds) add(threshold.selector);
  return names;
}

}  // namespace

std::vector<K6Metric> k6_metrics(const RunRecord& record, const TagSet& tags) {
  std::vector<K6Metric> metrics;
  for (const std::string& name : names_of(record, tags)) {
    auto selector = parse_selector(name);
    const MetricInfo* info = selector ? record.find_metric(selector->metric) : nullptr;
    if (info == nullptr) continue;
    if (!tags.empty()) selector->tags = tags;
    K6Metric metric{.name = name,
                    .info = *info,
                    .total = record.merged(*selector, record.all()).value_or(Sink(info->kind)),
                    .thresholds = {}};
    for (const ThresholdResult& threshold : record.thresholds)
      if (tags.empty() && threshold.selector == name) metric.thresholds.push_back(&threshold);
    metrics.push_back(std::move(metric));
  }
  return metrics;
}

}  // namespace brunt
