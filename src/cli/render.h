// A record in the form that `--format` names.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "report/text.h"

namespace brunt {

inline const std::vector<std::string> record_formats = {"text", "json",     "csv",
                                                        "html", "subjects", "analysis"};

// `format`: one of these (the parser has refused any other): text, json, csv (a row for each series
// and second), html, subjects (what was measured of each client, as CSV) or analysis (of that, the
// client's id, connect time and median round trip in microseconds). `text` is for the first only.
std::string render(const RunRecord& record, std::string_view format, const TextReportOptions& text);

}  // namespace brunt
