// What the generators of one process have together: iterations to share, rows of data to hand out,
// and when scenarios ended. Atomic counters.
#pragma once
#include <memory>
#include <vector>

#include "load/iteration_budget.h"
#include "load/scenario_ends.h"
#include "plan/plan.h"

namespace brunt {

struct GeneratorSetup;

class SharedCounters {
 public:
  // `segment`: this process's part of the test, of iterations and of rows. `threads`: generators.
  SharedCounters(const Plan& plan, const Segment& segment, std::uint64_t threads);
  // Points the setup at these counters, which must outlive it.
  void lend(GeneratorSetup& setup) const;

 private:
  std::vector<std::unique_ptr<IterationBudget>>
      budgets_;  // By load unit; null but for shared-iterations.
  std::vector<std::unique_ptr<DataCursor>> cursors_;  // By Plan::data, then script_rows().
  std::unique_ptr<ScenarioEnds> ends_;
};

}  // namespace brunt
