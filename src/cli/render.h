// A record in the form that `--format` names.
#pragma once
#include <string>
#include <string_view>

#include "report/text.h"

namespace brunt {

// `format`: text, json, csv, or html (the parser has refused any other). `text` is for the first
// only.
std::string render(const RunRecord& record, std::string_view format, const TextReportOptions& text);

}  // namespace brunt
