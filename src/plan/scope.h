// What an expression sees while it is evaluated: the values behind the names that were resolved
// when the plan was read.
//
// A Scope is a bundle of views; whoever runs a VU owns what they point to and fills it once, then
// changes only what changes (the clock, the iteration, the captures). Names became indices when the
// plan was read (names.h), so nothing is looked up by text here.
//
//   std::vector<Json> slots(scenario.slots.size());
//   Scope scope{.slots = slots, .members = members, .vu = 1, .prng = &prng, .now = wall};
//   TRY(request.target.append(scope, out));
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/prng.h"
#include "base/time.h"

namespace brunt {

class ReplyView;

struct Scope {
  // Captures and loop variables, in the order of Scenario::slots. A null is "not set (yet)".
  std::span<const Json> slots;
  // For each of Plan::data the first cell of the current row, or nullptr where no row was claimed.
  std::span<const Json* const> rows;
  // What services are called and where they listen: member_slot() of names.h. An address seen from
  // this scenario, so through its link's proxy where there is one. "" where a service has no such
  // member.
  std::span<const std::string> members;
  std::string_view scenario;
  std::uint64_t vu = 0;                 // From 1, as k6's __VU.
  std::uint64_t vu_in_scenario = 0;     // From 1 to the scenario's `vus`, over all processes.
  std::uint64_t iteration = 0;          // From 0, of this VU, as k6's __ITER.
  std::uint64_t iteration_in_test = 0;  // From 0, of the scenario over all VUs and processes.
  Prng* prng = nullptr;                 // REQUIRES: set, where the plan uses chance.
  WallTime now;
  ReplyView* reply = nullptr;  // The reply that a check or capture looks at; else nullptr.
};

}  // namespace brunt
