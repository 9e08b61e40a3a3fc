#include <array>
#include <utility>

#include "judge/exit_code.h"
#include "report/figures.h"

namespace brunt {

RunOutcome outcome_of(const RunInfo& run) {
  if (run.status == RunStatus::running) return RunOutcome::running;
  if (run.exit_code == code_of(ExitCode::not_valid)) return RunOutcome::not_valid;
  if (run.status == RunStatus::interrupted || run.exit_code == code_of(ExitCode::external_abort))
    return RunOutcome::interrupted;
  if (run.exit_code != 0) return RunOutcome::failed;
  return run.verdict.starts_with("finished: ") ? RunOutcome::finished : RunOutcome::passed;
}

std::string_view name_of(RunOutcome outcome) {
  constexpr std::array<std::string_view, 6> names = {"passed",    "finished",    "failed",
                                                     "not valid", "interrupted", "running"};
  return names[std::to_underlying(outcome)];
}

std::string_view verdict_words(const RunInfo& run) {
  const std::string_view word = name_of(outcome_of(run));
  std::string_view words = run.verdict;
  if (words.starts_with(word) && words.substr(word.size()).starts_with(": "))
    words.remove_prefix(word.size() + 2);
  return words;
}

}  // namespace brunt
