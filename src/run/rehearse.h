// Rehearses a plan: the whole of it in virtual time, against a simulated network and a model of
// each service, so that its shape (VUs, starts, requests over time) can be seen before anything is
// sent. A day takes seconds.
//
// The model answers every request with 200 and `{}` after a service time drawn around
// RehearseOptions::service_time; what a capture does not find is made up. So counts and times are
// those of the plan, not of the target. A script's requests go to the same model whatever they ask
// for, by https at port 443; what is no HTTP fails there.
#pragma once
#include <functional>
#include <optional>
#include <string>

#include "loop/loop.h"
#include "plan/plan.h"
#include "record/run_record.h"
#include "report/style.h"

namespace brunt {

struct RehearseOptions {
  Duration service_time = std::chrono::milliseconds(5);  // Mean; exponentially distributed.
  Duration round_trip = std::chrono::microseconds(200);
  std::uint64_t seed = 1;
  CoreLoss core_loss;  // For tests: of a generator that is not given the core.
};

struct Rehearsal {
  RunRecord record;                     // Seconds and series as of a real run; no verdict.
  std::vector<RunEvent> timetable;      // The faults as planned; the record has them as they were.
  std::vector<std::string> warnings;    // Each once: what the real run would warn of too.
  std::optional<Duration> ended_early;  // Where `progress` wanted no more; the record's notes too.
};

// Takes real time for what it simulates: about a second for 100,000 requests. `progress` is told
// the virtual time after each second of it; returning false ends the rehearsal early, with all that
// was seen until then. Errors: what keeps the plan from running.
Result<Rehearsal> rehearse(const Plan& plan, const RehearseOptions& options,
                           const std::function<bool(Duration elapsed)>& progress);

// The shape as a table over time of at most `rows_max` rows, with bars.
std::string render_rehearsal(const Plan& plan, const Rehearsal& rehearsal, const Style& style,
                             std::size_t rows_max = 24);

}  // namespace brunt
