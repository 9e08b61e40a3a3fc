// The services of a rehearsal, as the timetable switches them: in front of each model that has a
// fault stands a proxy on the simulated network, which is closed where the service is down and
// holds everything back where it is frozen. So whatever protocol the model speaks, its outages look
// to a client as those of a process do.
#pragma once
#include <map>
#include <memory>
#include <string>

#include "fault/proxy.h"
#include "fault/service_switch.h"
#include "loop/fiber_group.h"

namespace brunt {

class RehearsedServices final : public ServiceSwitch {
 public:
  RehearsedServices(Loop& loop, std::uint64_t seed);

  // Puts a proxy at `front` that leads to the model at `model`, and serves it in the group.
  Result<> add(const std::string& service, const Endpoint& front, const Endpoint& model,
               FiberGroup& group);

  Result<> take_down(Fiber& self, std::string_view service, Outage how) override;
  Result<> bring_back(Fiber& self, std::string_view service) override;
  Result<> freeze(std::string_view service) override;
  void thaw(std::string_view service) override;
  // Not modelled: what a service does with less is only seen on a real one.
  Result<> starve(Fiber&, std::string_view, const Starvation&) override { return {}; }
  Result<> feed(Fiber&, std::string_view) override { return {}; }

 private:
  Result<> switch_on(std::string_view service, ToxicType type);
  Result<> switch_off(std::string_view service);

  Loop& loop_;
  std::uint64_t seed_;
  Resolver resolver_;
  AllowList allow_ = AllowList::everything();
  Dialer dialer_;
  std::map<std::string, std::unique_ptr<Proxy>, std::less<>> fronts_;
};

}  // namespace brunt
