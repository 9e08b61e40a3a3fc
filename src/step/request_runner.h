// Runs one request step: fills in its templates, sends it, measures every hop, checks, captures.
//
// One for each request step of a scenario on each loop; any number of VUs run it at once. What
// cannot change is done once: a request whose URL, headers and body are constant is encoded when
// the runner is made and never again.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/url.h"
#include "plan/steps.h"
#include "step/http_series.h"
#include "step/step_context.h"

namespace brunt {

// What a scenario's steps have in common.
struct ScenarioContext {
  StepContext& shared;
  const Scenario& scenario;
  std::uint32_t index = 0;  // Of Plan::scenarios.
  std::string target;  // Expanded: "http://127.0.0.1:8080", without '/' at its end; may be empty.
  HttpSessionOptions session;
  TagSetId tags = TagSetId::none;  // Plan's and scenario's.
  LoadModel model = LoadModel::closed;
};

// Whether a target, filled in or not, says scheme and host itself: "http://x/y" and
// "${scheme}://x", but not "/login?next=http://x/".
bool is_whole_url(std::string_view target);

// What the VU's expressions see now.
Scope scope_of(const ScenarioContext& scenario, PlanVu& vu);

class RequestRunner {
 public:
  // Both must outlive it.
  RequestRunner(ScenarioContext& scenario, const RequestStep& step);
  ~RequestRunner();

  // Parks until the request has ended. What the target did is in the metrics. Errors: cancelled;
  // invalid: the request could not be made (a variable that is not set): the iteration cannot go
  // on.
  Result<> run(Fiber& self, PlanVu& vu);

  RequestRunner(const RequestRunner&) = delete;
  RequestRunner& operator=(const RequestRunner&) = delete;

 private:
  struct Draft;     // A request under way: its texts and its reply.
  class Recording;  // Hears each hop.
  class Lease;

  Result<> prepare_constant();
  Result<> fill(Draft& draft, PlanVu& vu) const;
  Result<> fill_url(Draft& draft, const Scope& scope) const;
  Result<> fill_fields(Draft& draft, const Scope& scope) const;
  Result<> fill_body(Draft& draft, const Scope& scope, PlanVu& vu) const;
  void judge(const Draft& draft, PlanVu& vu);
  void tell_exhausted(std::string_view detail);
  bool is_constant() const;

  ScenarioContext& scenario_;
  const RequestStep& step_;
  HttpSeries series_;
  std::vector<Series*> checks_;               // In the step's order.
  std::vector<std::unique_ptr<Draft>> idle_;  // Warm drafts, to be used again.
  std::unique_ptr<Draft> constant_;           // Filled once, when nothing can change.
  EncodedRequest encoded_;                    // Of it.
  Duration timeout_{};
  std::uint32_t redirects_max_ = 10;
  bool reads_body_ = false;
  bool told_exhausted_ = false;
};

}  // namespace brunt
