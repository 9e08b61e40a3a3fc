// A link of a plan: the road from a scenario or a service to a service, which leads through brunt's
// proxy, so that it can be long, narrow, and cut.
//
// Expressions of `from` that name `to` give the proxy's address. Whose expressions see which
// addresses is seen_by().
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "plan/position.h"

namespace brunt {

struct Plan;

struct LinkPlan {
  enum class From : std::uint8_t { scenario, service };
  enum class Distribution : std::uint8_t { uniform, normal };

  std::string name;  // As given, else FROM->TO: what a fault calls it.
  Position at;
  From from_kind = From::scenario;
  std::uint32_t from = 0;  // Index of Plan::scenarios or Plan::services.
  std::uint32_t to = 0;    // Index of Plan::services.
  Duration rtt{};          // Half of it each way; connecting takes it too. Never scaled in time.
  Duration jitter{};       // Around rtt.
  Distribution distribution = Distribution::uniform;
  std::uint64_t bytes_a_second = 0;  // Each way; 0: as wide as it goes.
};

// Where the proxies of links from scenarios listen ("127.0.0.1:40123"), and how far away what is
// behind them is: so that connecting to them takes as long.
struct LinkedAddress {
  std::string address;
  Duration round_trip{};
};
std::vector<LinkedAddress> linked_addresses(const Plan& plan, std::span<const std::string> views);

// Members of services (Scope::members) as several see them: first where everything is, then what
// each scenario sees, in the order of Plan::scenarios, then each service. A plan without links has
// one view for all.
std::size_t member_views(const Plan& plan);
std::span<const std::string> seen_by_scenario(const Plan& plan, std::span<const std::string> views,
                                              std::size_t scenario);
std::span<const std::string> seen_by_service(const Plan& plan, std::span<const std::string> views,
                                             std::size_t service);

// Enters where a link's proxy listens ("127.0.0.1:40123") into what its `from` sees of its `to`:
// host, port, address, and the URL with these in place of the service's own.
void lead_through(const Plan& plan, const LinkPlan& link, std::string_view address,
                  std::vector<std::string>& views);

}  // namespace brunt
