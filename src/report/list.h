// The table of runs that `brunt list` prints, newest first.
#pragma once
#include <span>
#include <string>

#include "base/json.h"
#include "ledger/ledger.h"
#include "report/style.h"

namespace brunt {

std::string list_report(std::span<const RunSummary> runs, const Style& style);
Json list_json(std::span<const RunSummary> runs);

}  // namespace brunt
