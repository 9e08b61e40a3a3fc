// Runs one `redis` step: fills in its commands, sends them together, measures, checks, captures.
//
// A VU keeps one connection for each target; its steps share it. In `parallel:` each branch that
// finds it in use waits for nobody: it has a connection of its own, which is kept too.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client/redis_client.h"
#include "plan/redis_step.h"
#include "step/draft_pool.h"
#include "step/reply_judge.h"
#include "step/request_series.h"
#include "step/step_context.h"

namespace brunt {

class RedisRunner final : public StepRunner {
 public:
  // `scenario` and `step` must outlive it.
  RedisRunner(ScenarioContext& scenario, const RedisStep& step);
  ~RedisRunner() override;

  Result<> run(Fiber& self, PlanVu& vu) override;

  RedisRunner(const RedisRunner&) = delete;
  RedisRunner& operator=(const RedisRunner&) = delete;

 private:
  struct Draft;    // A request under way: its words, its bytes, its reply.
  struct Session;  // What a VU keeps.

  Result<Session*> open_session(PlanVu& vu);
  Result<> fill(Draft& draft, const Scope& scope) const;

  ScenarioContext& scenario_;
  const RedisStep& step_;
  RedisTarget target_;
  Result<> target_known_;  // Why there is none.
  RequestSeries series_;
  ReplyJudge judge_;
  std::uint32_t slot_ = 0;
  Duration timeout_{};
  std::string constant_;  // The commands' bytes, where no expression is in them.
  DraftPool<Draft> drafts_;
};

}  // namespace brunt
