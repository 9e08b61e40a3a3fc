// From what a run measured to what it means: the record's thresholds, status, verdict and exit
// code.
#pragma once
#include <string>
#include <vector>

#include "judge/honesty_gate.h"
#include "metrics/threshold_judge.h"
#include "record/run_record.h"

namespace brunt {

struct VerdictInput {
  std::vector<ThresholdOutcome> thresholds;
  GeneratorHealth generator;
  const Threshold* aborted_by = nullptr;  // The one that ended the run; nullptr: none did.
  enum class Ending : std::uint8_t { planned, signal } ending = Ending::planned;
  std::string failure;  // What broke the load off in its middle: a generator that died; else "".
};

// Fills in record.thresholds and notes and, of record.run, status, exit_code and verdict.
void add_verdict(RunRecord& record, const VerdictInput& input);

}  // namespace brunt
