// The faults of one run: their timetable, carried out while the load goes on, told to the live view
// and the ledger, and kept as the record's bands.
//
//   RunFaults faults(loop, plan, services, seed, {...});
//   TRY(faults.prepare());                         // before the load: the timetable, and what the
//                                                  // machine can do
//   TRY(faults.start(watchers, start));
//   ...
//   record.events = faults.events(elapsed);
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "fault/fault_runner.h"
#include "plan/plan.h"
#include "record/run_record.h"
#include "run/service_outages.h"

namespace brunt {

struct RunFaultsOptions {
  std::uint64_t seed = 1;
  Duration load_end{};
  std::function<void(const std::string&)> phase;    // "cache frozen (cold)"
  std::function<void(const std::string&)> warning;  // What could not be done.
  std::function<void(LogLine)> log;                 // For the ledger, at once.
  enum class Machine : std::uint8_t { real, simulated } machine = Machine::real;
};

class RunFaults {
 public:
  // All must outlive it. `links` is nullptr where the plan has none.
  RunFaults(Loop& loop, const Plan& plan, ServiceSwitch& services, LinkSwitch* links,
            RunFaultsOptions options);

  // Errors: exhausted (a timetable without end), unsupported (what this machine cannot do).
  Result<> prepare();
  Result<> start(FiberGroup& group, Instant load_start);

  // Bands as they were, or, before the start, as they are planned. What is still in force ends at
  // `elapsed`.
  std::vector<RunEvent> events(Duration elapsed) const;
  std::vector<RunEvent> planned_events() const;
  std::vector<std::string> in_force() const;
  // Whether a second counts as one of a fault: from that in which it begins through the one after
  // that in which it ends, in which what was held back comes.
  bool is_of_fault(std::int64_t second) const;
  const std::vector<std::string>& failures() const { return failures_; }  // For the notes.

 private:
  void began(const FaultSpec& spec);
  void ended(const FaultSpec& spec, const FaultBand& band);
  void note(const FaultSpec& spec, std::string_view stage);

  Loop& loop_;
  RunFaultsOptions options_;
  std::vector<FaultSpec> specs_;
  FaultSwitches switches_;
  std::vector<PlannedFault> planned_;
  std::optional<FaultRunner> runner_;
  std::vector<std::string> failures_;
};

// "cold: cache frozen", the text of a fault's event.
std::string event_text(const FaultSpec& spec);

}  // namespace brunt
