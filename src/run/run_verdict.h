// From what a run measured to what it means: the record's thresholds, status, verdict and exit
// code.
#pragma once
#include <string>
#include <vector>

#include "judge/exit_code.h"
#include "judge/honesty_gate.h"
#include "metrics/threshold_judge.h"
#include "record/run_record.h"
#include "step/step_context.h"

namespace brunt {

struct VerdictInput {
  std::vector<ThresholdOutcome> thresholds;
  GeneratorHealth generator;
  const Threshold* aborted_by = nullptr;  // The one that ended the run; nullptr: none did.
  enum class Ending : std::uint8_t { planned, signal, api } ending = Ending::planned;
  // What broke the load off in its middle (a generator that died), or went wrong after it
  // (teardown()); else "".
  std::string failure;
  ExitCode failure_code = ExitCode::other;
  // A script's, of its own run, with its reason.
  ScriptJudgement judgement = ScriptJudgement::none;
  std::string reason;
};

// Fills in record.thresholds and notes and, of record.run, status, exit_code and verdict.
void add_verdict(RunRecord& record, const VerdictInput& input);

}  // namespace brunt
