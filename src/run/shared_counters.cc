#include "run/shared_counters.h"

#include "plan/script_rows.h"
#include "run/generator.h"
#include "run/load_units.h"

namespace brunt {

SharedCounters::SharedCounters(const Plan& plan, const Segment& segment, std::uint64_t threads) {
  for (const LoadUnit& unit : load_units(plan)) {
    const bool shared = unit.load.executor == ExecutorKind::shared_iterations;
    // Only who has VUs can take iterations.
    budgets_.push_back(shared ? std::make_unique<IterationBudget>(
                                    unit.load.iterations, segment.in_proportion_to(unit.load.vus))
                              : nullptr);
  }
  ends_ = std::make_unique<ScenarioEnds>(budgets_.size(), threads);
  for (const DataPlan& data : plan.data)
    cursors_.push_back(std::make_unique<DataCursor>(
        DataCursor::Options{.rows = data.rows->rows(), .order = data.order, .segment = segment}));
  for (const SharedRows* rows : script_rows(plan))
    cursors_.push_back(std::make_unique<DataCursor>(
        DataCursor::Options{.rows = rows->size(), .order = DataOrder::once, .segment = segment}));
}

void SharedCounters::lend(GeneratorSetup& setup) const {
  for (const auto& budget : budgets_) setup.budgets.push_back(budget.get());
  for (const auto& cursor : cursors_) setup.cursors.push_back(cursor.get());
  setup.ends = ends_.get();
}

}  // namespace brunt
