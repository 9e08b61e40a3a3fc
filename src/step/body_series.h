// What the bodies of plans and of scripts record beside their requests: bytes and errors of an
// iteration.
#pragma once
#include <string_view>

#include "step/step_context.h"

namespace brunt {

class BodySeries {
 public:
  // `scenario` must outlive it.
  explicit BodySeries(const ScenarioContext& scenario);

  // The bytes of the iteration, which begin again at zero.
  void end_iteration(PlanVu& vu);
  // An iteration that could not go on: counted, and told.
  void error(std::string_view text);

 private:
  const ScenarioContext& scenario_;
  Series* data_sent_;
  Series* data_received_;
  Series* errors_;
};

}  // namespace brunt
