// A run as CSV: one line for each series and second, for spreadsheets and notebooks.
//
// second,time,origin,metric,tags,count,sum,min,max,last,p50,p95,p99; tags as JSON, RFC 4180
// quoting.
#pragma once
#include <string>

#include "record/run_record.h"

namespace brunt {

std::string csv_report(const RunRecord& record);

}  // namespace brunt
