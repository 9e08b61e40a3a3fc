#include "load/executor.h"

#include "load/arrival_rate_executor.h"
#include "load/closed_executor.h"

namespace brunt {

std::unique_ptr<Executor> make_executor(const ScenarioOptions& options,
                                        const ExecutorContext& context) {
  if (is_open(options.executor)) return std::make_unique<ArrivalRateExecutor>(options, context);
  return std::make_unique<ClosedExecutor>(options, context);
}

}  // namespace brunt
