#include "plan/link_plan.h"

#include "plan/names.h"
#include "plan/plan.h"

namespace brunt {
namespace {

enum Member : std::size_t { url, address, host, port };

std::size_t view_size(const Plan& plan) {
  return plan.services.size() * service_members.size();
}

std::span<const std::string> view(const Plan& plan, std::span<const std::string> views,
                                  std::size_t number) {
  if (plan.links.empty()) return views;
  return views.subspan(number * view_size(plan), view_size(plan));
}

}  // namespace

std::size_t member_views(const Plan& plan) {
  return plan.links.empty() ? 1 : 1 + plan.scenarios.size() + plan.services.size();
}

std::span<const std::string> seen_by_scenario(const Plan& plan, std::span<const std::string> views,
                                              std::size_t scenario) {
  return view(plan, views, 1 + scenario);
}

std::span<const std::string> seen_by_service(const Plan& plan, std::span<const std::string> views,
                                             std::size_t service) {
  return view(plan, views, 1 + plan.scenarios.size() + service);
}

std::vector<LinkedAddress> linked_addresses(const Plan& plan, std::span<const std::string> views) {
  std::vector<LinkedAddress> all;
  for (const LinkPlan& link : plan.links)
    if (link.from_kind == LinkPlan::From::scenario)
      all.push_back(
          {seen_by_scenario(plan, views, link.from)[member_slot(link.to, address)], link.rtt});
  return all;
}

void lead_through(const Plan& plan, const LinkPlan& link, std::string_view to,
                  std::vector<std::string>& views) {
  const std::size_t number = link.from_kind == LinkPlan::From::scenario
                                 ? 1 + link.from
                                 : 1 + plan.scenarios.size() + link.from;
  const std::size_t start = number * view_size(plan) + member_slot(link.to, 0);
  const std::string own = views[member_slot(link.to, address)];
  std::string& through = views[start + url];
  const std::size_t at = through.find(own);
  if (own.empty() || at == std::string::npos) {
    // A URL whose port goes without saying: the host stands where the address would.
    const std::string& own_host = views[member_slot(link.to, host)];
    const std::size_t scheme = through.find("://");
    const std::size_t found =
        scheme == std::string::npos ? scheme : through.find(own_host, scheme + 3);
    if (found != std::string::npos && !own_host.empty())
      through.replace(found, own_host.size(), to);
  } else {
    through.replace(at, own.size(), to);
  }
  const std::size_t colon = to.rfind(':');
  views[start + address] = to;
  views[start + host] = to.substr(0, colon);
  views[start + port] = colon == std::string_view::npos ? "" : to.substr(colon + 1);
}

}  // namespace brunt
