// What a run's generators are told, from its plan and the options of the command line.
//
//   GeneratorSetup setup = TRY(setup_of(plan, options, registry, seed));
//   counters.lend(setup);                            // and members, when the services are up
#pragma once
#include "run/generator.h"
#include "run/run_options.h"

namespace brunt {

// Adds the metrics of the plan to `registry`, which must outlive it, as the plan must. Errors:
// invalid, exhausted.
Result<GeneratorSetup> setup_of(const Plan& plan, const RunOptions& options,
                                MetricRegistry& registry, std::uint64_t seed);

}  // namespace brunt
