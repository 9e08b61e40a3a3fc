#include "run/network_options.h"

#include "plan/script_bundle.h"

namespace brunt {
namespace {

const ScriptNetworkOptions& script_options_of(const Plan& plan) {
  static const ScriptNetworkOptions none;
  return plan.script != nullptr ? plan.script->network : none;
}

}  // namespace

AllowRules allow_rules_of(const Plan& plan, std::vector<std::string> allow) {
  return {.allow = std::move(allow), .block = script_options_of(plan).blocked};
}

Result<std::vector<Redirection>> redirections_of(const Plan& plan) {
  std::vector<Redirection> redirections;
  for (const auto& [from, to] : script_options_of(plan).hosts)
    redirections.push_back(TRY(parse_redirection(from, to)));
  return redirections;
}

// What the script's options say was read without errors when the script was.
ResolverOptions resolver_options_of(const Plan& plan, const std::vector<HostEntry>& hosts) {
  const ScriptNetworkOptions& script = script_options_of(plan);
  ResolverOptions options{.hosts = hosts};
  if (script.dns_ttl) options.ttl = *script.dns_ttl;
  options.select = parse_dns_select(script.dns_select).value_or(options.select);
  options.policy = parse_dns_policy(script.dns_policy).value_or(options.policy);
  return options;
}

TlsClientOptions tls_options_of(const Plan& plan) {
  const ScriptNetworkOptions& script = script_options_of(plan);
  TlsClientOptions options{.ca_file = plan.tls.ca.string(),
                           .insecure = plan.tls.insecure,
                           .certificate = plan.tls.certificate.string(),
                           .key = plan.tls.key.string()};
  for (const auto& [domains, certificate, key, key_password] : script.certificates) {
    if (!domains.empty()) {
      options.for_domains.push_back({domains, certificate, key, key_password});
      continue;
    }
    options.certificate = certificate;
    options.key = key;
    options.key_password = key_password;
  }
  options.version_min = parse_tls_version(script.tls_version_min).value_or(options.version_min);
  options.version_max = parse_tls_version(script.tls_version_max).value_or(options.version_max);
  options.ciphers = script.tls_ciphers;
  return options;
}

}  // namespace brunt
