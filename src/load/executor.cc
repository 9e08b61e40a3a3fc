#include "load/executor.h"

#include <fmt/format.h>

#include "load/arrival_rate_executor.h"
#include "load/closed_executor.h"

namespace brunt {

Result<> check_scale(const VuScale& scale, const ScenarioOptions& began) {
  if (scale.vus_max < began.vus_max())
    return fail(ErrorCode::invalid,
                fmt::format("{} VUs at most are less than the {} that scenario {} began with",
                            scale.vus_max, began.vus_max(), began.name));
  if (scale.vus_max > ScenarioLimits{}.vus_max)
    return fail(ErrorCode::invalid, fmt::format("{} VUs at most: there can be {}", scale.vus_max,
                                                ScenarioLimits{}.vus_max));
  if (scale.vus > scale.vus_max)
    return fail(
        ErrorCode::invalid,
        fmt::format("{} VUs are more than the {} that scenario {} may have; raise these too",
                    scale.vus, scale.vus_max, began.name));
  return {};
}

std::unique_ptr<Executor> make_executor(const ScenarioOptions& options,
                                        const ExecutorContext& context) {
  if (is_open(options.executor)) return std::make_unique<ArrivalRateExecutor>(options, context);
  return std::make_unique<ClosedExecutor>(options, context);
}

}  // namespace brunt
