#include "step/reply_judge.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace brunt {

ReplyJudge::ReplyJudge(ScenarioContext& scenario, const std::vector<Check>& checks,
                       const std::vector<Capture>& captures, std::string request)
    : scenario_(scenario), checks_(checks), captures_(captures), request_(std::move(request)) {
  Recorder& recorder = scenario.shared.recorder;
  for (const Check& check : checks) {
    const TagSetId tags =
        recorder.tags().with(scenario.tags, {{"check", check.name}, {"group", ""}});
    series_.push_back(&recorder.series(MetricId::checks, tags));
  }
}

void ReplyJudge::judge(const ReplySource& source, ReplyState state, PlanVu& vu) {
  ReplyView reply(source);
  Scope scope = scope_of(scenario_, vu);
  scope.reply = &reply;
  for (std::size_t i = 0; i < checks_.size(); ++i)
    series_[i]->add(checks_[i].holds(reply, scope) ? 1.0 : 0.0);
  const bool is_usable = state == ReplyState::usable;
  for (const Capture& capture : captures_) {
    auto taken = is_usable ? capture.take(reply) : Result<std::optional<Json>>(std::nullopt);
    Json& slot = vu.slots[capture.slot];
    slot = taken && *taken ? std::move(**taken) : Json();
    if (slot.is_null() && scenario_.shared.rehearsing == Rehearsing::yes) {
      slot = Json("0");
      continue;
    }
    if (slot.is_null() && is_usable)
      scenario_.shared.watcher.step_failed(
          scenario_.scenario.name,
          fmt::format("{}: nothing found for capture \"{}\"{}", request_, capture.name,
                      taken ? "" : ": " + taken.error().text));
  }
}

}  // namespace brunt
