#include "run/target_check.h"

#include <algorithm>
#include <set>

#include "base/url.h"
#include "step/request_runner.h"

namespace brunt {
namespace {

constexpr auto lookup_time = std::chrono::seconds(10);

void collect(const std::vector<Step>& steps, std::set<std::string>& urls) {
  for (const Step& step : steps) {
    if (const auto* request = std::get_if<RequestStep>(&step.kind)) {
      if (request->target.is_constant() && is_whole_url(request->target.text()))
        urls.insert(request->target.text());
    } else if (const auto* loop = std::get_if<LoopStep>(&step.kind)) {
      collect(loop->steps, urls);
    } else if (const auto* branch = std::get_if<IfStep>(&step.kind)) {
      collect(branch->then_steps, urls);
      collect(branch->else_steps, urls);
    } else if (const auto* parallel = std::get_if<ParallelStep>(&step.kind)) {
      collect(parallel->steps, urls);
    }
  }
}

Result<> check_url(Fiber& self, const TargetRules& rules, const std::string& text) {
  const Url url = TRY(parse_url(text));
  const auto redirected = [&](const Redirection& rule) { return fits(rule, url.host, url.port); };
  if (url.scheme == "http+unix" || std::ranges::any_of(rules.redirections, redirected)) return {};
  const auto addresses =
      TRY(rules.resolver.resolve(self, {url.host, url.port}, self.now() + lookup_time));
  return rules.allow.check(url.host, addresses.front());
}

}  // namespace

Result<> check_targets(Fiber& self, const TargetRules& rules, const Plan& plan,
                       std::span<const std::string> members) {
  std::set<std::string> urls;
  for (const Scenario& scenario : plan.scenarios) {
    const Scope scope{.members = members, .scenario = scenario.name};
    auto target = scenario.target.expand(scope);
    if (!target) return fail_in("scenarios." + scenario.name + ".target", target.error());
    if (!target->empty()) urls.insert(std::move(*target));
    collect(scenario.before, urls);
    collect(scenario.steps, urls);
  }
  for (const std::string& url : urls) TRY(check_url(self, rules, url));
  return {};
}

}  // namespace brunt
