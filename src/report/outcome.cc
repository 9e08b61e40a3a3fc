#include <array>
#include <utility>

#include "report/figures.h"

namespace brunt {

RunOutcome outcome_of(const RunInfo& run) {
  constexpr int not_valid_code = 120;
  constexpr int signal_code = 105;
  if (run.status == RunStatus::running) return RunOutcome::running;
  if (run.exit_code == not_valid_code) return RunOutcome::not_valid;
  if (run.status == RunStatus::interrupted || run.exit_code == signal_code)
    return RunOutcome::interrupted;
  return run.exit_code == 0 ? RunOutcome::passed : RunOutcome::failed;
}

std::string_view name_of(RunOutcome outcome) {
  constexpr std::array<std::string_view, 5> names = {"passed", "failed", "not valid", "interrupted",
                                                     "running"};
  return names[std::to_underlying(outcome)];
}

}  // namespace brunt
