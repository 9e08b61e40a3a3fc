// A run as one HTML file that needs no network: verdict, charts, tables, environment. Light and
// dark after the reader's system; prints.
//
// The page's script and style are bundled from ui/report at build time and embedded; the run's data
// stands in the file as JSON.
#pragma once
#include <string>

#include "record/run_record.h"

namespace brunt {

std::string html_report(const RunRecord& record);

}  // namespace brunt
