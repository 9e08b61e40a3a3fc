#include "step/request_series.h"

#include <string>
#include <utility>

namespace brunt {

void RequestSeries::record(const ExchangeReply& reply, Duration lateness) {
  Outcome& outcome = outcome_of(reply.failure ? &*reply.failure : nullptr);
  outcome.reqs->add(1.0);
  outcome.failed->add(reply.ok() ? 0.0 : 1.0);
  if (reply.sent) outcome.duration->add(reply.duration);
  if (outcome.response_time != nullptr)
    outcome.response_time->add(lateness + reply.blocked +
                               (reply.sent ? reply.duration : Duration{}));
  if (reply.connected) [[unlikely]]
    outcome.setup_time->add(reply.setup);
}

void record_exchange(ScenarioContext& scenario, PlanVu& vu, RequestSeries& series,
                     const ExchangeReply& reply) {
  vu.bytes_sent += reply.bytes_sent;
  vu.bytes_received += reply.bytes_received;
  if (reply.failure && is_news(scenario, *reply.failure))
    scenario.shared.watcher.step_failed(scenario.scenario.name, reply.failure->detail);
  begin_samples(scenario, vu);
  series.record(reply, vu.lateness);
  if (vu.subject == nullptr) return;
  if (reply.connected) vu.subject->add(MetricId::setup_time, reply.setup);
  if (reply.ok()) vu.subject->add(series.metrics().duration, reply.duration);
}

RequestSeries::Outcome& RequestSeries::outcome_of(const RequestFailure* failure) {
  const std::uint16_t code = failure == nullptr ? std::uint16_t{0} : failure->code;
  const char* const error = failure == nullptr ? nullptr : failure->message.data();
  for (std::size_t i = 0; i < outcomes_.size(); ++i) {
    if (outcomes_[i].error_code != code || outcomes_[i].error != error) continue;
    if (i > 0) std::swap(outcomes_[i], outcomes_[i - 1]);
    return outcomes_[i == 0 ? 0 : i - 1];
  }
  return add_outcome(failure);
}

RequestSeries::Outcome& RequestSeries::add_outcome(const RequestFailure* failure) {
  Outcome outcome;
  std::vector<Tag> tags = {{"expected_response", failure == nullptr ? "true" : "false"}};
  if (failure != nullptr) {
    outcome.error_code = failure->code;
    outcome.error = failure->message.data();
    tags.push_back({"error_code", std::to_string(failure->code)});
    tags.push_back({"error", std::string(failure->message)});
  }
  const TagSetId id = recorder_.tags().with(options_.base, tags);
  const auto series = [&](MetricId metric) { return &recorder_.series(metric, id); };
  outcome.reqs = series(options_.metrics.reqs);
  outcome.failed = series(options_.metrics.failed);
  outcome.duration = series(options_.metrics.duration);
  outcome.setup_time = series(MetricId::setup_time);
  if (options_.model == LoadModel::open) outcome.response_time = series(MetricId::response_time);
  outcomes_.push_back(outcome);
  return outcomes_.back();
}

}  // namespace brunt
