// What a plan and its script say about names, addresses and TLS, as the network's layers want it.
#pragma once
#include "net/allow_list.h"
#include "net/dialer.h"
#include "net/resolver.h"
#include "net/tls.h"
#include "plan/plan.h"

namespace brunt {

// `allow`: the rules, the plan's included.
AllowRules allow_rules_of(const Plan& plan, std::vector<std::string> allow);
// Errors: invalid.
Result<std::vector<Redirection>> redirections_of(const Plan& plan);
ResolverOptions resolver_options_of(const Plan& plan, const std::vector<HostEntry>& hosts);
TlsClientOptions tls_options_of(const Plan& plan);

}  // namespace brunt
