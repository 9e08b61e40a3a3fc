// Runs one HTTP request step: fills in its templates, sends it, measures every hop, checks,
// captures.
//
// What cannot change is done once: a request whose URL, headers and body are constant is encoded
// when the runner is made and never again.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/url.h"
#include "plan/steps.h"
#include "step/draft_pool.h"
#include "step/http_series.h"
#include "step/reply_judge.h"
#include "step/step_context.h"

namespace brunt {

// Whether a target, filled in or not, says scheme and host itself: "http://x/y" and
// "${scheme}://x", but not "/login?next=http://x/".
bool is_whole_url(std::string_view target);

class RequestRunner final : public StepRunner {
 public:
  // Both must outlive it.
  RequestRunner(ScenarioContext& scenario, const RequestStep& step);
  ~RequestRunner() override;

  Result<> run(Fiber& self, PlanVu& vu) override;

  RequestRunner(const RequestRunner&) = delete;
  RequestRunner& operator=(const RequestRunner&) = delete;

 private:
  struct Draft;  // A request under way: its texts and its reply.

  Result<> prepare_constant();
  Result<> fill(Draft& draft, PlanVu& vu) const;
  Result<> fill_url(Draft& draft, const Scope& scope) const;
  Result<> fill_fields(Draft& draft, const Scope& scope) const;
  Result<> fill_body(Draft& draft, const Scope& scope, PlanVu& vu) const;
  void judge(const Draft& draft, PlanVu& vu);
  bool is_constant() const;

  ScenarioContext& scenario_;
  const RequestStep& step_;
  HttpSeries series_;
  ReplyJudge judge_;
  DraftPool<Draft> drafts_;
  std::unique_ptr<Draft> constant_;  // Filled once, when nothing can change.
  EncodedRequest encoded_;           // Of it.
  Duration timeout_{};
  std::uint32_t redirects_max_ = 10;
  bool reads_body_ = false;
};

}  // namespace brunt
