// The metrics of a run as k6 lists them at its end: each with its total, and with the parts of it
// that thresholds name.
//
//   for (const K6Metric& metric : k6_metrics(record)) metric.total.sum();
//   k6_metrics(record, {{"group", "::shop"}});   // only what was measured in that group
#pragma once
#include <string>
#include <vector>

#include "record/run_record.h"

namespace brunt {

struct K6Metric {
  std::string name;  // With a submetric's tags.
  MetricInfo info;
  Sink total;
  std::vector<const ThresholdResult*> thresholds;  // Of the record.
};

// Those of the load, by name. Without `tags`: with the parts that thresholds name, and the one that
// k6 always shows; else only what was measured with these tags. `record` must outlive it.
std::vector<K6Metric> k6_metrics(const RunRecord& record, const TagSet& tags = {});

}  // namespace brunt
