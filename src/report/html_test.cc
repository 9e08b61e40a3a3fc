#include "report/html.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

#include "base/file.h"
#include "base/json.h"
#include "report/sample_run.h"

namespace brunt {
namespace {

std::string data_in(const std::string& page) {
  const std::string_view start = "id=\"run-data\">";
  const std::size_t from = page.find(start) + start.size();
  return page.substr(from, page.find("</script>", from) - from);
}

TEST_CASE("the page is one file with the run in it and nothing to fetch") {
  const RunRecord record = SampleRun({}).build();
  const std::string page = html_report(record);
  for (const char* outside :
       {"<link", "src=", "http://", "https://", "@import", "url(", "import("}) {
    CAPTURE(outside);
    CHECK(page.find(outside) == std::string::npos);
  }
  CHECK(page.find("default-src 'none'") != std::string::npos);
  CHECK(page.size() < (1u << 20u));
  const auto data = Json::parse(data_in(page));
  REQUIRE(data);
  CHECK(data->find("report")->find("run")->find("id")->string() == record.run.id);
  const Json* charts = data->find("charts");
  REQUIRE(charts != nullptr);
  CHECK(charts->find("rate")->array().size() == 60);
  CHECK(charts->find("rate")->array()[10].number() == 200);
  CHECK(charts->find("latency")->find("p95")->array()[10].number() > 1);
  CHECK(charts->find("heat")->find("cells")->array().size() > 300);
  CHECK(charts->find("curve_response")->is_object());
}

TEST_CASE("what a target answered cannot break out of the data") {
  RunRecord record = SampleRun({.seconds = 2}).build();
  record.run.plan_name = "</script><script>alert(1)</script><!--";
  record.thresholds[0].selector = "</SCRIPT>";
  const std::string page = html_report(record);
  CHECK(page.find("<script>alert") == std::string::npos);
  CHECK(page.find("</SCRIPT>") == std::string::npos);
  CHECK(Json::parse(data_in(page))->find("report")->find("run")->find("plan")->string() ==
        record.run.plan_name);
}

TEST_CASE("a long run is shown in at most 900 steps with true percentiles") {
  const RunRecord record = SampleRun({.seconds = 2000, .each_second = 10}).build();
  const auto data = Json::parse(data_in(html_report(record)));
  REQUIRE(data);
  const Json* charts = data->find("charts");
  CHECK(charts->find("step_s")->integer() == 3);
  CHECK(charts->find("rate")->array().size() == 667);
  CHECK(charts->find("rate")->array()[100].number() == 10);
}

TEST_CASE("a run without requests, and one without anything, still give a page") {
  RunRecord empty;
  empty.run.id = "20261122-084410-k3f9";
  CHECK(Json::parse(data_in(html_report(empty))));
  RunRecord quiet = SampleRun({.seconds = 1}).build();
  quiet.rows.clear();
  CHECK(Json::parse(data_in(html_report(quiet))));
}

// For people: BRUNT_SAMPLE_PAGE=FILE writes the page of the sample run, to be looked at.
TEST_CASE("the sample page is written where asked") {
  const char* place = std::getenv("BRUNT_SAMPLE_PAGE");
  if (place == nullptr) return;
  CHECK(write_file(place, html_report(SampleRun({.seconds = 120, .each_second = 400}).build())));
}

}  // namespace
}  // namespace brunt
