// A run as one JSON document of a stable shape (docs/reference/report-json.md): for scripts and CI.
// `schema` is 1; members are only ever added within a schema.
#pragma once
#include "base/json.h"
#include "record/run_record.h"

namespace brunt {

Json json_report(const RunRecord& record);

}  // namespace brunt
