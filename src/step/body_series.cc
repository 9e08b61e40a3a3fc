#include "step/body_series.h"

namespace brunt {

BodySeries::BodySeries(const ScenarioContext& scenario) : scenario_(scenario) {
  Recorder& recorder = scenario.shared.recorder;
  data_sent_ = &recorder.series(MetricId::data_sent, scenario.tags);
  data_received_ = &recorder.series(MetricId::data_received, scenario.tags);
  errors_ = &recorder.series(scenario.shared.step_errors, scenario.tags);
}

void BodySeries::end_iteration(PlanVu& vu) {
  // As in k6: a script's own summary may count on them.
  const bool always = scenario_.scenario.script.has_value();
  if (always || vu.bytes_sent > 0) data_sent_->add(static_cast<double>(vu.bytes_sent));
  if (always || vu.bytes_received > 0) data_received_->add(static_cast<double>(vu.bytes_received));
  vu.bytes_sent = 0;
  vu.bytes_received = 0;
}

void BodySeries::error(std::string_view text) {
  errors_->add(1.0);
  scenario_.shared.watcher.step_failed(scenario_.scenario.name, text);
}

}  // namespace brunt
