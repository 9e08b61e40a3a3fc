// The links of a run: a process with a proxy for each (`brunt tool proxy`), which dies with the
// run. Where one process may not have descriptors for all connections there are several, each with
// every link at the same address: the kernel deals connections out to them.
//
//   auto links = TRY(Links::start(self, dialer, {.program = program, .folder = folder, .logs =
//   folder})); const std::string at = TRY(links->open(self, plan.links[0], "127.0.0.1:2775"));
//   TRY(links->set(self, plan.links[0].name, toxic));                  // the timetable's
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
  std::uint32_t processes = 1;  // link_processes_needed()
};

// How many processes a plan's links need for so many connections, two descriptors each.
std::uint32_t link_processes_needed(std::uint64_t connections, std::uint64_t descriptors_max);

class Links final : public LinkSwitch {
 public:
  // Parks until the processes answer. Errors: as start_command().
  static Result<std::unique_ptr<Links>> start(Fiber& self, Dialer& dialer,
                                              const LinksOptions& options);

  // Opens a link to `upstream`, host:port; gives where it listens, host:port. Parks. Errors: as
  // LinkControl::open().
  Result<std::string> open(Fiber& self, const LinkPlan& link, std::string_view upstream);

  // In every process.
  Result<> set(Fiber& self, std::string_view link, const Toxic& toxic) override;
  Result<> clear(Fiber& self, std::string_view link, std::string_view toxic_name) override;

  // The process that has ended although nobody stopped it: "the links' proxy was killed by SIGSEGV
  // while …"; "" if all run.
  std::string casualty();
  // Parks until they are gone; gives the first error.
  Result<> stop(Fiber& self);

 private:
  struct Lane {
    std::unique_ptr<StartedService> process;
    std::unique_ptr<LinkControl> control;
  };
  Links() = default;
  Result<> start_lane(Fiber& self, Dialer& dialer, const LinksOptions& options);

  std::vector<Lane> lanes_;
};

}  // namespace brunt
