// What is known of a run before it begins: when, where, by whom, of what plan.
#pragma once
#include "loop/loop.h"
#include "plan/plan.h"
#include "record/run_info.h"
#include "run/run_options.h"
#include "run/service_set.h"

namespace brunt {

// With a new id, and a seed where none was given.
RunInfo describe_run(const Plan& plan, const RunOptions& options, Loop& loop);

struct ServiceNotes {
  WallTime at;
  bool logs_stay = true;  // After the run.
};
// What has been started, as lines of the ledger's log.
std::vector<LogLine> describe_services(const ServiceSet& services, const Plan& plan,
                                       const ServiceNotes& notes);

}  // namespace brunt
