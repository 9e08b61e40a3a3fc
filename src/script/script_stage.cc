#include "script/script_stage.h"

#include <fmt/format.h>

#include "script/secret_sources.h"

namespace brunt {

Result<> ScriptStage::work(Fiber& self, const std::string& function, Duration limit,
                           const Work& work) {
  auto body = TRY(ScriptBody::create(
      context_, {.registry = registry_, .scenario = scenario_, .outside = true}));
  Result<> done;
  FiberGroup group(self.loop());
  TRY(group.spawn("script", [&](Fiber& fiber) { done = work(*body, fiber); }));
  running_ = &group;
  const auto joined = group.join_until(self, self.now() + limit);
  running_ = nullptr;
  if (!joined && joined.error().code == ErrorCode::timeout)
    return fail(ErrorCode::timeout, fmt::format("{}() execution timed out after {:g} seconds",
                                                function, seconds_of(limit)));
  if (!done)
    return fail_in(function + "()",
                   {done.error().code, redacted(body->bundle(), done.error().text)});
  return {};
}

void ScriptStage::break_off() {
  if (running_ != nullptr) running_->cancel();
}

Result<std::string> ScriptStage::run(Fiber& self, const std::string& function,
                                     std::string_view data, Duration limit) {
  std::string returned;
  const auto run_it = [&](ScriptBody& body, Fiber& fiber) -> Result<> {
    returned = TRY(body.run_once(fiber, function, data));
    return {};
  };
  TRY(work(self, function, limit, run_it));
  return returned;
}

Result<ScriptTexts> ScriptStage::summarize(Fiber& self, std::string_view data, Duration limit) {
  ScriptTexts texts;
  const auto run_it = [&](ScriptBody& body, Fiber& fiber) -> Result<> {
    texts = TRY(body.summarize(fiber, data));
    return {};
  };
  TRY(work(self, "handleSummary", limit, run_it));
  return texts;
}

}  // namespace brunt
