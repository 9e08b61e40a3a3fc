// From what a run measured to what it means: the record's thresholds, status, verdict and exit
// code.
#pragma once
#include <vector>

#include "metrics/threshold_judge.h"
#include "metrics/totals.h"
#include "record/run_record.h"

namespace brunt {

struct VerdictInput {
  const Totals& totals;
  std::vector<ThresholdOutcome> thresholds;
  const Threshold* aborted_by = nullptr;  // The one that ended the run; nullptr: none did.
  bool interrupted = false;               // By a signal.
};

// Fills in record.thresholds and, of record.run, status, exit_code and verdict. The record's
// scenarios and checks are there already.
void add_verdict(RunRecord& record, const VerdictInput& input);

}  // namespace brunt
