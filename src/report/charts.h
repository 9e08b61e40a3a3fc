// What the page's charts show, as JSON: values over time in at most 900 steps, the latency heat
// map, the percentile curve. Internal to this layer; ui/report/src/data.ts names the same members.
//
// A step of several seconds is merged from their histograms: its percentiles are true ones.
#pragma once
#include "base/json.h"
#include "record/run_record.h"

namespace brunt {

Json chart_data(const RunRecord& record);

}  // namespace brunt
