// What a step asks of a reply, whatever client it came from: its checks, counted, and its captures,
// put into the virtual user's slots. One for each request step of a scenario on each loop.
#pragma once
#include <string>
#include <vector>

#include "plan/capture.h"
#include "plan/check.h"
#include "plan/reply_view.h"
#include "step/step_context.h"

namespace brunt {

enum class ReplyState : std::uint8_t { usable, failed };  // failed: there is nothing to capture.

class ReplyJudge {
 public:
  // All must outlive it. `request` is what people call the step: "GET /login".
  ReplyJudge(ScenarioContext& scenario, const std::vector<Check>& checks,
             const std::vector<Capture>& captures, std::string request);

  bool is_needed() const { return !checks_.empty() || !captures_.empty(); }
  void judge(const ReplySource& source, ReplyState state, PlanVu& vu);

 private:
  ScenarioContext& scenario_;
  const std::vector<Check>& checks_;
  const std::vector<Capture>& captures_;
  std::string request_;
  std::vector<Series*> series_;  // Of each check.
};

}  // namespace brunt
