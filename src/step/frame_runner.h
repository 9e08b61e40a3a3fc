// Runs one `frame` step: fills in its payload, sends it as the virtual user's client with the next
// number of its sequence, checks the ACK, and measures.
//
// A VU keeps one connection and one sequence for each target, layout, and client id; steps with the
// same three share them. Numbers run from 1, also over a failure: what was not acknowledged is not
// sent again. Where the layout's field is full they begin again at 0.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "client/frame_client.h"
#include "plan/frame_step.h"
#include "step/draft_pool.h"
#include "step/request_series.h"
#include "step/step_context.h"

namespace brunt {

class FrameRunner final : public StepRunner {
 public:
  // `scenario` and `step` must outlive it.
  FrameRunner(ScenarioContext& scenario, const FrameStep& step);
  ~FrameRunner() override;

  Result<> run(Fiber& self, PlanVu& vu) override;

  FrameRunner(const FrameRunner&) = delete;
  FrameRunner& operator=(const FrameRunner&) = delete;

 private:
  struct Draft;    // A message under way: its payload, its bytes, its reply.
  struct Session;  // What a VU keeps.

  Result<Session*> open_session(PlanVu& vu);
  Result<> fill(std::string& payload, const Scope& scope) const;

  ScenarioContext& scenario_;
  const FrameStep& step_;
  FrameClientOptions client_;
  Result<> target_;  // Why there is none.
  RequestSeries series_;
  std::uint32_t slot_ = 0;
  Duration timeout_{};
  std::uint64_t size_ = 0;  // Of the payload, where it is constant.
  DraftPool<Draft> drafts_;
};

}  // namespace brunt
