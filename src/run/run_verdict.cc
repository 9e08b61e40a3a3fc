#include "run/run_verdict.h"

#include <fmt/format.h>

#include "base/units.h"
#include "judge/verdict.h"

namespace brunt {
namespace {

bool finished_nothing(const std::vector<ScenarioInfo>& scenarios) {
  std::uint64_t completed = 0, interrupted = 0;
  for (const ScenarioInfo& scenario : scenarios) {
    completed += scenario.iterations_completed;
    interrupted += scenario.iterations_interrupted;
  }
  return completed == 0 && interrupted > 0;
}

}  // namespace

void add_verdict(RunRecord& record, const VerdictInput& input) {
  RunEnding ending;
  record.run.status = RunStatus::finished;
  if (input.aborted_by != nullptr) {
    record.run.status = RunStatus::aborted;
    ending = {
        .code = ExitCode::thresholds_failed,
        .reason = fmt::format("{}: {} failed, and it has abort_on_fail",
                              input.aborted_by->selector.text(), input.aborted_by->condition.text)};
  } else if (input.ending == VerdictInput::Ending::signal) {
    record.run.status = RunStatus::interrupted;
    ending = {.code = ExitCode::external_abort,
              .reason = "interrupted after " + format_duration(record.duration())};
  } else if (input.ending == VerdictInput::Ending::api) {
    record.run.status = RunStatus::interrupted;
    ending = {.code = ExitCode::stopped_by_api,
              .reason = "stopped over the REST API after " + format_duration(record.duration())};
  } else if (input.judgement == ScriptJudgement::aborted) {
    record.run.status = RunStatus::aborted;
    ending = {.code = ExitCode::script_aborted, .reason = "test aborted: " + input.reason};
  } else if (!input.failure.empty()) {
    record.run.status = RunStatus::aborted;
    ending = {.code = input.failure_code, .reason = input.failure};
  }
  Verdict verdict = judge_run(input.thresholds, input.generator, ending);
  if (input.judgement == ScriptJudgement::failed && verdict.code == ExitCode::ok) {
    verdict.code = ExitCode::marked_failed;
    verdict.sentence = "failed: the script called test.fail(): " + input.reason;
  }
  record.run.exit_code = code_of(verdict.code);
  record.run.verdict = std::move(verdict.sentence);
  for (const ExpectationVerdict& expectation : verdict.expectations) {
    const bool aborted_run = input.aborted_by != nullptr &&
                             input.aborted_by->selector.text() == expectation.selector &&
                             input.aborted_by->condition.text == expectation.condition;
    record.thresholds.push_back({.selector = expectation.selector,
                                 .expression = expectation.condition,
                                 .passed = expectation.met,
                                 .measured = expectation.measured,
                                 .measured_text = expectation.measured_text,
                                 .aborted_run = aborted_run});
  }
  if (finished_nothing(record.scenarios))
    record.notes.emplace_back("no iteration fully finished: consider a longer duration");
  for (std::string& note : verdict.notes) record.notes.push_back(std::move(note));
}

}  // namespace brunt
