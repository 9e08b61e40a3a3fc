// Carries out a timetable: waits for each instant, does what is planned, undoes it, and keeps when
// that really was.
//
//   FaultRunner faults(loop, specs, planned, {.services = &services, .links = &links}, events);
//   TRY(faults.start(group, start_of_the_load));
//   ... the load runs ...
//   group.cancel(); group.join(self);          // what is frozen goes on
//   for (const FaultBand& band : faults.bands()) ...
//
// One fiber a target: what is done to one service is done in order, and is late rather than
// overlapping when a service takes its time to come back. The same on a simulated loop.
#pragma once
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "fault/link_control.h"
#include "fault/service_switch.h"
#include "fault/timetable.h"
#include "loop/fiber_group.h"

namespace brunt {

// What one planned fault has become. Times after the start of the load.
struct FaultBand {
  std::uint32_t fault = 0;  // Index of the specs.
  Duration from{}, to{};    // In force; `to` only where `over`.
  bool over = false;
};

struct FaultSwitches {
  ServiceSwitch* services = nullptr;  // Not nullptr where a spec is about a service,
  LinkSwitch* links = nullptr;        // or about a link.
};

// Called on the loop; must not park.
struct FaultEvents {
  std::function<void(const FaultSpec&, const FaultBand&)> began, ended;
  std::function<void(std::string)> failed;  // What could not be done, in words.
};

class FaultRunner {
 public:
  // All must outlive it.
  FaultRunner(Loop& loop, std::span<const FaultSpec> specs, std::span<const PlannedFault> planned,
              FaultSwitches switches, FaultEvents events);

  // Spawns its fibers into the group. Errors: exhausted.
  Result<> start(FiberGroup& group, Instant load_start);

  // In the order in which they began. Those that are not over were in force when the run ended.
  const std::vector<FaultBand>& bands() const { return bands_; }
  std::vector<std::string> in_force() const;  // "cache frozen", for a view.

 private:
  void serve(Fiber& self, const std::string& target);
  void carry_out(Fiber& self, const PlannedFault& planned);
  Result<> begin(Fiber& self, const FaultSpec& spec);
  Result<> end(Fiber& self, const FaultSpec& spec);

  Loop& loop_;
  std::span<const FaultSpec> specs_;
  std::span<const PlannedFault> planned_;
  FaultSwitches switches_;
  FaultEvents events_;
  Instant start_{};
  std::vector<FaultBand> bands_;
};

}  // namespace brunt
