// Conducts one run from beginning to end: services up, generators ready, load, seconds into the
// ledger, services down, verdict.
//
//   auto outcome = conduct(self, plan, options, observer, signals);
//   if (!outcome) …                            // the run could not begin: a service, a name, the
//   allow-list return outcome->record.run.exit_code;      // it ran: the record says how
//
// Ctrl-C (`signals`) once lets iterations end within their graceful stop, twice ends at once; both
// give a whole record.
#pragma once
#include "judge/exit_code.h"
#include "ledger/writer.h"
#include "net/signals.h"
#include "plan/plan.h"
#include "record/run_record.h"
#include "run/progress.h"
#include "run/run_options.h"
#include "script/script_body.h"

namespace brunt {

struct ConductedRun {
  RunRecord record;
  LedgerOutcome ledger;  // `place` is empty where no ledger was wanted.
  // What the script's handleSummary() returned, to be shown instead of the summary.
  std::optional<ScriptTexts> script_texts;
  std::string setup_data;  // JSON: what the script's setup() returned; "": nothing.
};

// Why a run did not begin.
struct RunFailure {
  Error error;
  std::optional<ExitCode> code;  // Where the error's own code does not tell it.
  std::optional<ScriptTexts> script_texts;  // As of a run.
};

// Parks until the run is over. `signals` may be nullptr. REQUIRES: called on the main thread's
// loop, as services die with the thread that started them. Errors: what kept the run from
// beginning.
std::expected<ConductedRun, RunFailure> conduct(Fiber& self, const Plan& plan,
                                                const RunOptions& options, RunObserver& observer,
                                                Signals* signals);

}  // namespace brunt
