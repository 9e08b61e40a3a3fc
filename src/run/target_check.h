// Looks at every target that a plan names before any load is made: a name that does not resolve, or
// an address that may not be loaded, is told once and in words, not by ten thousand failed
// requests.
//
// What is only known while running (a URL out of a reply, a redirect) is checked by the dialer
// then.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "net/dialer.h"
#include "plan/plan.h"

namespace brunt {

struct TargetRules {
  Resolver& resolver;
  const AllowList& allow;
  std::span<const Redirection> redirections;  // What they catch is not looked at.
};

// `members`: Scope::members. Parks while names are looked up. Errors: dns, denied, invalid (a
// target that is no URL).
Result<> check_targets(Fiber& self, const TargetRules& rules, const Plan& plan,
                       std::span<const std::string> members);

}  // namespace brunt
