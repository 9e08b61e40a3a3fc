// Takes the samples of each hop of one request of a virtual user, as a step's and a script's alike.
//
//   HopRecorder recorder(scenario, vu, series);
//   TRY(vu.session.send(self, request, options, reply, &recorder));
//
// Lives as long as its request. A request that was cut off at the end of the run counts for its
// bytes only.
#pragma once
#include "client/http_session.h"
#include "step/http_series.h"
#include "step/step_context.h"

namespace brunt {

class HopRecorder final : public HttpHopVisitor {
 public:
  // All must outlive it.
  HopRecorder(ScenarioContext& scenario, PlanVu& vu, HttpSeries& series)
      : scenario_(scenario), vu_(vu), series_(series) {}

  void hop(const HttpHop& hop) override;

 private:
  void add_to_subject(const HttpReply& reply);

  ScenarioContext& scenario_;
  PlanVu& vu_;
  HttpSeries& series_;
};

}  // namespace brunt
