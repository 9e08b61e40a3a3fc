// A run as k6 tells it at its end: what handleSummary() is given, and k6's two files of JSON.
//
//   const Json data = k6_summary_data(record, {.trend_stats = {"avg", "p(99)"}});
//   data.find("metrics")->find("http_reqs")->find("values")->find("count");
//
// brunt's own metrics of a target (response_time, setup_time) are in it beside k6's; those of the
// generator and of services are not.
//
// Source: k6 documentation, "Custom summary" and "End of test"; k6's issue 4870.
#pragma once
#include <string>
#include <vector>

#include "base/json.h"
#include "record/run_record.h"

namespace brunt {

struct K6SummaryOptions {
  // Of trends: avg min med max count p(N). REQUIRES: each can be read by parse_statistic().
  std::vector<std::string> trend_stats = {"avg", "min", "med", "max", "p(90)", "p(95)"};
  std::string time_unit;   // "", "s", "ms" or "us": for who formats it.
  std::string setup_data;  // JSON: what setup() returned; "": nothing.
  bool machine = false;    // handleSummary() is given the machine-readable summary.
  bool no_colour = false;
  bool stdout_is_terminal = false, stderr_is_terminal = false;
};

// handleSummary(data).
Json k6_summary_data(const RunRecord& record, const K6SummaryOptions& options);

// --summary-export. As in k6, a threshold's `true` says that it was crossed.
Json k6_summary_export(const RunRecord& record, const K6SummaryOptions& options);

// --new-machine-readable-summary.
Json k6_machine_summary(const RunRecord& record, const K6SummaryOptions& options);

// One metric as the REST API shows it. `elapsed`: for a counter's rate.
Json k6_sample(const Sink& total, Duration elapsed);

}  // namespace brunt
