// The summary at the end of a run, for a terminal or a log: what people look at most.
//
// Order: the verdict, thresholds, checks, requests by name, response beside service time, errors in
// words, every metric in k6's manner, the generator's own health, where the record and the page
// are.
//
//   std::fputs(text_report(record, {.style = {.colours = Colours::on}}).c_str(), stdout);
#pragma once
#include <string>
#include <vector>

#include "record/run_record.h"
#include "report/style.h"

namespace brunt {

struct TextReportOptions {
  Style style;
  std::string page;                   // The HTML file, if one was written.
  std::vector<std::string> profiles;  // The flame graphs' files.
  std::string ledger;                 // Where the run is kept, if it is.
};

std::string text_report(const RunRecord& record, const TextReportOptions& options);

}  // namespace brunt
