#include "run/target_check.h"

#include <algorithm>
#include <set>

#include "base/url.h"
#include "client/redis_client.h"
#include "step/request_runner.h"

namespace brunt {
namespace {

constexpr auto lookup_time = std::chrono::seconds(10);

void collect(const std::vector<Step>& steps, const Scope& scope, std::set<std::string>& urls) {
  for (const Step& step : steps) {
    if (const auto* request = std::get_if<RequestStep>(&step.kind))
      if (request->target.is_constant() && is_whole_url(request->target.text()))
        urls.insert(request->target.text());
    const auto* frame = std::get_if<FrameStep>(&step.kind);
    const auto* redis = std::get_if<RedisStep>(&step.kind);
    if (const Template* own = frame ? &frame->target : redis ? &redis->target : nullptr)
      if (!own->empty())
        if (auto target = own->expand(scope)) urls.insert(std::move(*target));
    for (const std::vector<Step>* inner : inner_steps(step)) collect(*inner, scope, urls);
  }
}

Result<> check_url(Fiber& self, const TargetRules& rules, const std::string& text) {
  // Of a URL its own reader knows best what is wrong.
  if (text.starts_with("http") && text.contains("://"))
    if (TRY(parse_url(text)).scheme == "http+unix") return {};
  const PeerAddress peer = text.starts_with("redis://") ? TRY(parse_redis_target(text)).peer
                                                        : TRY(parse_peer_address(text));
  const auto redirected = [&](const Redirection& rule) { return fits(rule, peer.host, peer.port); };
  if (std::ranges::any_of(rules.redirections, redirected)) return {};
  const auto addresses =
      TRY(rules.resolver.resolve(self, {peer.host, peer.port}, self.now() + lookup_time));
  return rules.allow.check(peer.host, addresses.front());
}

}  // namespace

Result<> check_targets(Fiber& self, const TargetRules& rules, const Plan& plan,
                       std::span<const std::string> members) {
  std::set<std::string> urls;
  for (std::size_t i = 0; i < plan.scenarios.size(); ++i) {
    const Scenario& scenario = plan.scenarios[i];
    const Scope scope{.members = seen_by_scenario(plan, members, i), .scenario = scenario.name};
    auto target = scenario.target.expand(scope);
    if (!target) return fail_in("scenarios." + scenario.name + ".target", target.error());
    if (!target->empty()) urls.insert(std::move(*target));
    collect(scenario.before, scope, urls);
    collect(scenario.steps, scope, urls);
  }
  for (const std::string& url : urls) TRY(check_url(self, rules, url));
  return {};
}

}  // namespace brunt
