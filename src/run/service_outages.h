// Outages of a run's services as the timetable switches them: real processes, stopped, killed,
// frozen, starved.
#pragma once
#include <map>
#include <memory>
#include <string>

#include "fault/service_switch.h"
#include "fault/starve.h"
#include "run/service_set.h"

namespace brunt {

class ServiceOutages final : public ServiceSwitch {
 public:
  explicit ServiceOutages(ServiceSet& services) : services_(services) {}  // Must outlive it.

  Result<> take_down(Fiber& self, std::string_view service, Outage how) override;
  Result<> bring_back(Fiber& self, std::string_view service) override;
  Result<> freeze(std::string_view service) override;
  void thaw(std::string_view service) override;
  Result<> starve(Fiber& self, std::string_view service, const Starvation& starvation) override;
  Result<> feed(Fiber& self, std::string_view service) override;

 private:
  // Errors: not_found: there is none, or it has ended by itself.
  Result<StartedService*> living(std::string_view service);

  ServiceSet& services_;
  std::map<std::string, std::unique_ptr<StarvedProcesses>, std::less<>> starved_;
};

}  // namespace brunt
