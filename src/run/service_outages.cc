#include "run/service_outages.h"

#include <fmt/format.h>

namespace brunt {

Result<StartedService*> ServiceOutages::living(std::string_view name) {
  StartedService* service = services_.find(name);
  if (service == nullptr) return fail(ErrorCode::not_found, fmt::format("{} has no process", name));
  if (const auto status = service->process().status())
    return fail(ErrorCode::not_found, fmt::format("{} {} before", name, status->text()));
  return service;
}

Result<> ServiceOutages::take_down(Fiber& self, std::string_view name, Outage how) {
  StartedService* service = TRY(living(name));
  TRY(service->take_down(self, how == Outage::killed ? Ending::killed : Ending::asked));
  return {};
}

Result<> ServiceOutages::bring_back(Fiber& self, std::string_view name) {
  StartedService* service = services_.find(name);
  if (service == nullptr) return fail(ErrorCode::not_found, fmt::format("{} has no process", name));
  return service->bring_back(self);
}

Result<> ServiceOutages::freeze(std::string_view name) {
  StartedService* service = TRY(living(name));
  return service->freeze();
}

void ServiceOutages::thaw(std::string_view name) {
  if (StartedService* service = services_.find(name)) service->thaw();
}

Result<> ServiceOutages::starve(Fiber&, std::string_view name, const Starvation& starvation) {
  StartedService* service = TRY(living(name));
  starved_[std::string(name)] = TRY(StarvedProcesses::begin(
      process_tree(service->pid()), starvation, service->facts().directory));
  return {};
}

Result<> ServiceOutages::feed(Fiber&, std::string_view name) {
  starved_.erase(std::string(name));
  return {};
}

}  // namespace brunt
