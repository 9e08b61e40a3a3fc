// The end of a run's ledger: the record is completed there and read back as whoever reads it later
// sees it.
//
//   auto [record, kept] = keep_record(self, std::move(writer), record, observer);
#pragma once
#include <memory>
#include <utility>

#include "ledger/writer.h"
#include "record/run_record.h"
#include "run/progress.h"

namespace brunt {

// Parks. What goes wrong is told to `observer`; the record is as it was given then.
std::pair<RunRecord, LedgerOutcome> keep_record(Fiber& self, std::unique_ptr<LedgerWriter> writer,
                                                const RunRecord& record, RunObserver& observer);

}  // namespace brunt
