#include "run/rehearsed_services.h"

#include <fmt/format.h>

namespace brunt {
namespace {

constexpr const char* toxic_name = "outage";

}  // namespace

RehearsedServices::RehearsedServices(Loop& loop, std::uint64_t seed)
    : loop_(loop), seed_(seed), resolver_(loop, {}), dialer_(loop, resolver_, allow_, {}) {}

Result<> RehearsedServices::add(const std::string& service, const Endpoint& front,
                                const Endpoint& model, FiberGroup& group) {
  ProxyOptions options{.name = service, .listen = front, .upstream = model.text(), .seed = seed_};
  options.limits.connections_max = 1'000'000;
  auto proxy = TRY(Proxy::open(loop_, dialer_, options));
  TRY(group.spawn("front", [&one = *proxy](Fiber& self) { one.serve(self); }));
  fronts_.emplace(service, std::move(proxy));
  return {};
}

Result<> RehearsedServices::switch_on(std::string_view service, ToxicType type) {
  const auto found = fronts_.find(service);
  if (found == fronts_.end())
    return fail(ErrorCode::not_found, fmt::format("{} has no model", service));
  return found->second->set_toxic({.name = toxic_name, .type = type, .stream = ToxicStream::both});
}

Result<> RehearsedServices::switch_off(std::string_view service) {
  const auto found = fronts_.find(service);
  if (found == fronts_.end() || found->second->find_toxic(toxic_name) == nullptr) return {};
  return found->second->remove_toxic(toxic_name);
}

Result<> RehearsedServices::take_down(Fiber&, std::string_view service, Outage) {
  return switch_on(service, ToxicType::down);
}

Result<> RehearsedServices::bring_back(Fiber&, std::string_view service) {
  return switch_off(service);
}

Result<> RehearsedServices::freeze(std::string_view service) {
  return switch_on(service, ToxicType::stall);
}

void RehearsedServices::thaw(std::string_view service) {
  (void)switch_off(service);
}

}  // namespace brunt
