#include "run/generator_setup.h"

#include "plan/script_bundle.h"
#include "run/network_options.h"

namespace brunt {

Result<GeneratorSetup> setup_of(const Plan& plan, const RunOptions& options,
                                MetricRegistry& registry, std::uint64_t seed) {
  GeneratorSetup setup{.plan = plan, .members = {}, .registry = registry};
  setup.allow_rules = plan.allow;
  setup.allow_rules.insert(setup.allow_rules.end(), options.allow.begin(), options.allow.end());
  setup.allow = TRY(AllowList::parse(allow_rules_of(plan, setup.allow_rules)));
  setup.step_errors = TRY(register_metrics(plan, registry));
  setup.redirections = options.redirections;
  for (Redirection& own : TRY(redirections_of(plan))) setup.redirections.push_back(std::move(own));
  setup.local_ips = options.local_ips;
  if (setup.local_ips.empty() && plan.script != nullptr && !plan.script->network.local_ips.empty())
    setup.local_ips = TRY(parse_local_ips(plan.script->network.local_ips));
  setup.tap = options.streams.empty() ? SampleTap::off : SampleTap::on;
  setup.segment = options.segment;
  setup.segment_text = {options.segment_bounds, options.segment_sequence};
  setup.threads = options.threads;
  setup.seed = seed;
  return setup;
}

}  // namespace brunt
