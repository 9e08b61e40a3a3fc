// The links of a run: one process with a proxy for each (`brunt tool proxy`), which dies with the
// run.
//
//   auto links = TRY(Links::start(self, dialer, {.program = program, .folder = folder, .logs =
//   folder})); const std::string at = TRY(links->open(self, plan.links[0], "127.0.0.1:2775"));
//   TRY(links->control().set(self, plan.links[0].name, toxic));        // the timetable's
//
// REQUIRES: used on the main thread's loop (net/subprocess.h says why).
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/service.h"
#include "fault/link_control.h"
#include "net/dialer.h"
#include "plan/link_plan.h"

namespace brunt {

// What a link does as long as no fault is on it: its round trip, and how wide it is.
std::vector<Toxic> toxics_of(const LinkPlan& link);

struct LinksOptions {
  std::filesystem::path program;   // brunt itself.
  std::filesystem::path folder;    // For the control socket: short, as its path may have 107 bytes.
  std::filesystem::path logs;      // For links.log.
  std::vector<std::string> allow;  // Where it may lead to besides loopback.
  std::uint64_t seed = 1;
};

class Links {
 public:
  // Parks until the process answers. Errors: as start_command().
  static Result<std::unique_ptr<Links>> start(Fiber& self, Dialer& dialer,
                                              const LinksOptions& options);

  // Opens a link to `upstream`, host:port; gives where it listens, host:port. Parks. Errors: as
  // LinkControl::open().
  Result<std::string> open(Fiber& self, const LinkPlan& link, std::string_view upstream);

  LinkSwitch& control() { return *control_; }
  StartedService& process() { return *process_; }

 private:
  Links(std::unique_ptr<StartedService> process, std::unique_ptr<LinkControl> control)
      : process_(std::move(process)), control_(std::move(control)) {}

  std::unique_ptr<StartedService> process_;
  std::unique_ptr<LinkControl> control_;
};

}  // namespace brunt
