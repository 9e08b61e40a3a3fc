// Where the samples of one kind of request go, for every protocol but HTTP: how many, how many
// failed, how long each took, setup_time and response_time; looked up once for each outcome and
// kept.
//
//   RequestSeries series(recorder, {.metrics = {MetricId::frame_reqs, MetricId::frame_req_failed,
//                                               MetricId::frame_req_duration},
//                                   .base = tags, .model = scenario.model});
//   series.record(reply, vu.lateness);
//
// Belongs to one loop. Allocates nothing once an outcome has been seen.
#pragma once
#include <cstdint>
#include <vector>

#include "client/exchange.h"
#include "metrics/recorder.h"
#include "step/step_context.h"

namespace brunt {

struct RequestMetrics {
  MetricId reqs{}, failed{}, duration{};
};

struct RequestSeriesOptions {
  RequestMetrics metrics;
  TagSetId base = TagSetId::none;  // Plan's, scenario's, and request's own tags, name among them.
  LoadModel model = LoadModel::closed;
};

class RequestSeries {
 public:
  // `recorder` must outlive it.
  RequestSeries(Recorder& recorder, const RequestSeriesOptions& options)
      : recorder_(recorder), options_(options) {}

  // `lateness`: how much earlier than it was sent it was due.
  void record(const ExchangeReply& reply, Duration lateness);

  const RequestMetrics& metrics() const { return options_.metrics; }

 private:
  struct Outcome {
    std::uint16_t error_code = 0;
    const char* error = nullptr;  // A literal's address: there are few.
    Series* reqs = nullptr;
    Series* failed = nullptr;
    Series* duration = nullptr;
    Series* setup_time = nullptr;
    Series* response_time = nullptr;  // Open model only.
  };
  Outcome& outcome_of(const RequestFailure* failure);
  Outcome& add_outcome(const RequestFailure* failure);

  Recorder& recorder_;
  RequestSeriesOptions options_;
  std::vector<Outcome> outcomes_;  // Few; the one used last is in front.
};

// A request that has ended, by a VU of the scenario: its bytes, its samples, and the figures of
// the client where the scenario keeps them.
void record_exchange(ScenarioContext& scenario, PlanVu& vu, RequestSeries& series,
                     const ExchangeReply& reply);

}  // namespace brunt
