#include "report/json.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "report/csv.h"
#include "report/sample_run.h"

namespace brunt {
namespace {

TEST_CASE("the JSON report is read back as it was and has its documented members") {
  const Json report = json_report(SampleRun({}).build());
  const auto again = Json::parse(report.dump());
  REQUIRE(again);
  CHECK(again->dump() == report.dump());
  CHECK(report.find("schema")->integer() == 1);
  for (const char* member :
       {"run", "window_s", "thresholds", "checks", "all_requests", "requests", "arrivals", "errors",
        "scenarios", "metrics", "generator", "events", "subjects", "notes"}) {
    CAPTURE(member);
    CHECK(report.find(member) != nullptr);
  }
  const Json& run = *report.find("run");
  CHECK(run.find("outcome")->string() == "failed");
  CHECK(run.find("exit_code")->integer() == 99);
  CHECK(run.find("duration_ms")->number() == 60'000);
  CHECK(run.find("seed")->string() == "7");
  CHECK(report.find("thresholds")->array()[2].find("measured")->is_null());
  CHECK(report.find("all_requests")->find("interval_95_ms")->find("p95")->array().size() == 2);
  CHECK(report.find("arrivals")->find("censored")->boolean());
}

TEST_CASE("what a run has not is null or an empty list, never missing") {
  const Json report = json_report(RunRecord{});
  CHECK(report.find("all_requests")->is_null());
  CHECK(report.find("arrivals")->is_null());
  CHECK(report.find("generator")->is_null());
  CHECK(report.find("requests")->array().empty());
  CHECK(report.find("run")->find("ended")->is_null());
}

TEST_CASE(
    "the CSV has a line for each series and second and for each fault, and quotes what needs it") {
  const RunRecord record = SampleRun({.seconds = 3}).build();
  const std::string csv = csv_report(record);
  const auto faults = std::ranges::count(record.events, EventKind::fault, &RunEvent::kind);
  CHECK(faults > 0);
  CHECK(std::ranges::count(csv, '\n') == std::ssize(record.rows) + faults + 1);
  CHECK(csv.starts_with("second,time,origin,metric,tags,count,sum,min,max,last,p50,p95,p99\n"));
  CHECK(
      csv.find("\n0,2026-11-22T08:44:10.000Z,bench-7,vus,\"{\"\"scenario\"\":\"\"shop\"\"}\",1,") !=
      std::string::npos);
  CHECK(csv.find("\n2,2026-11-22T08:44:12.000Z,") != std::string::npos);
}

}  // namespace
}  // namespace brunt
