// The services of a plan, started in the order in which they name each other, and stopped in the
// reverse one.
//
// Built-in services run as processes of their own (`brunt serve …`), so that their CPU and memory
// are theirs; engines and commands likewise; an embedded store is a file in a directory that goes
// with the run; an address is only looked at.
//
//   ServiceSet services(dialer, {.program = "/usr/bin/brunt", .logs = folder});
//   TRY(services.start(self, plan, observer));
//   scope.members = services.members();
//   ...
//   services.stop(self, observer);
//
// REQUIRES: used on the main thread's loop (net/subprocess.h says why).
#pragma once
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/service.h"
#include "net/dialer.h"
#include "plan/plan.h"
#include "run/links.h"
#include "run/progress.h"
#include "watch/watcher.h"

namespace brunt {

struct ServiceSetOptions {
  std::filesystem::path program;    // brunt itself, for built-in services.
  std::filesystem::path logs;       // Every service's output goes here, as NAME.log.
  std::filesystem::path temporary;  // Where stores and engines live; empty: TMPDIR, else /tmp.
  std::vector<std::string> allow;   // Where links may lead to besides loopback.
  std::uint64_t seed = 1;           // Of the links' chance.
};

class ServiceSet {
 public:
  // `dialer` must outlive it.
  ServiceSet(Dialer& dialer, ServiceSetOptions options);
  ~ServiceSet();  // Kills what stop() did not stop, removes the stores.

  // Parks until all are ready. On an error those that run already are stopped. Errors: the
  // service's own, with its name and the last lines of its log in front.
  Result<> start(Fiber& self, const Plan& plan, RunObserver& observer);

  // What `${service.member}` stands for, as each sees it (plan/link_plan.h).
  const std::vector<std::string>& members() const { return members_; }

  // Those that run as processes, in the order of starting.
  std::span<const std::unique_ptr<StartedService>> started() const { return started_; }
  StartedService* find(std::string_view name) const;  // nullptr: no such process.

  // The plan's links, to be switched while it runs; nullptr where it has none.
  LinkSwitch* links() { return links_.get(); }

  // A service that has ended although nobody stopped it: "collector was killed by SIGSEGV (log:
  // …)"; "" if all run.
  std::string first_casualty();

  // The processes that run now, with their services' names: for watching them.
  std::vector<WatchedProcess> processes();

  void stop(Fiber& self, RunObserver& observer);

  ServiceSet(const ServiceSet&) = delete;
  ServiceSet& operator=(const ServiceSet&) = delete;

 private:
  Result<> start_one(Fiber& self, const Plan& plan, std::uint32_t index, RunObserver& observer);
  Result<> start_builtin(Fiber& self, const ServicePlan& service, std::uint32_t index);
  Result<> name_output(const BuiltinService& builtin, std::uint32_t index,
                       std::vector<std::string>& arguments);
  Result<> start_engine_service(Fiber& self, const Plan& plan, const ServicePlan& service,
                                std::uint32_t index);
  Result<> start_command_service(Fiber& self, const Plan& plan, const ServicePlan& service,
                                 std::uint32_t index);
  Result<> make_store(const ServicePlan& service, std::uint32_t index);
  Result<> note_address(std::uint32_t index, std::string_view address);
  void note_members(std::uint32_t index, const StartedService& service);
  Result<> open_links(Fiber& self, const Plan& plan, std::uint32_t to);
  void set_member(std::uint32_t index, std::size_t member, const std::string& value);
  // As service `index` sees the others.
  Result<std::string> expand(const Template& text, std::uint32_t index) const;

  Dialer& dialer_;
  ServiceSetOptions options_;
  const Plan* plan_ = nullptr;  // Of start(): outlives what was started.
  std::vector<std::string> members_;
  std::unique_ptr<Links> links_;
  std::vector<std::unique_ptr<StartedService>> started_;  // In the order of starting.
  std::vector<std::filesystem::path> stores_;             // Directories to remove.
};

}  // namespace brunt
