// What `brunt check PLAN` prints: everything about a plan that can be known without running it, as
// text of at most 100 columns.
#pragma once
#include <cstdint>
#include <string>

#include "plan/plan.h"

namespace brunt {

// Services, scenarios with their load in words, the most VUs and connections at one time, how long
// it takes, what is expected.
std::string describe_plan(const Plan& plan);

// One scenario's load as k6 says it: "100 looping VUs for 2m0s (gracefulStop: 30s)".
std::string describe_load(const ScenarioOptions& load);

// The most connections that the plan can hold open at one time: each VU's, times what `parallel`
// adds. An upper bound: a VU that talks to one host holds one.
std::uint64_t connections_max(const Plan& plan);

// Likewise those of scenarios from which links lead: what the links' proxies carry. What services
// hold open through links nobody knows.
std::uint64_t linked_connections_max(const Plan& plan);

// When the last scenario's last iteration may end at the latest, graceful stops included.
Duration duration_max(const Plan& plan);

}  // namespace brunt
