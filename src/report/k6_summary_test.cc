#include "report/k6_summary.h"

#include <doctest/doctest.h>

#include "report/sample_run.h"

namespace brunt {
namespace {

RunRecord sample() {
  RunRecord record = SampleRun({.seconds = 10}).build();
  record.checks = {{.name = "is 200", .group = "", .passes = 9, .fails = 1},
                   {.name = "has id", .group = "::shop::cart", .passes = 3, .fails = 0}};
  record.thresholds = {
      {.selector = "http_req_duration", .expression = "p(95)<5", .passed = false},
      {.selector = "http_reqs{name:GET /command}", .expression = "count>1", .passed = true}};
  return record;
}

// "metrics.http_reqs.values.count", with '/' between the names.
const Json* at(const Json& json, std::string_view path) {
  const Json* value = &json;
  while (value != nullptr && !path.empty()) {
    const std::string_view name = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(name.size() + 1, path.size()));
    value = value->find(name);
  }
  return value;
}

}  // namespace

TEST_CASE("handleSummary gets k6's data") {
  const Json data = k6_summary_data(
      sample(),
      {.trend_stats = {"avg", "p(99)", "count"}, .time_unit = "ms", .setup_data = "{\"token\":1}"});
  const Json& reqs = *at(data, "metrics/http_reqs");
  CHECK(reqs.find("type")->string() == "counter");
  CHECK(at(reqs, "values/count")->number() > 1000);
  CHECK(at(reqs, "values/rate")->number() > 10);
  const Json& duration = *at(data, "metrics/http_req_duration");
  CHECK(duration.find("contains")->string() == "time");
  REQUIRE(duration.find("values")->object().size() == 3);
  CHECK(at(duration, "values/p(99)")->number() > at(duration, "values/avg")->number());
  CHECK_FALSE(at(duration, "thresholds/p(95)<5/ok")->boolean());
  CHECK(at(data, "metrics/http_req_duration{expected_response:true}/values/avg") != nullptr);
  CHECK(at(data, "metrics/vus/values/value") != nullptr);
  CHECK(at(data, "metrics/http_req_failed/values/passes")->number() +
            at(data, "metrics/http_req_failed/values/fails")->number() ==
        at(reqs, "values/count")->number());
  CHECK(at(data, "metrics/generator_cpu") == nullptr);
  CHECK(at(data, "setup_data/token")->integer() == 1);
  CHECK(at(data, "options/summaryTimeUnit")->string() == "ms");
  CHECK(at(data, "state/testRunDurationMs")->number() > 0);
}

TEST_CASE("groups and checks make k6's tree, with k6's ids") {
  const Json data = k6_summary_data(sample(), {});
  const Json& root = *data.find("root_group");
  CHECK(root.find("id")->string() == "d41d8cd98f00b204e9800998ecf8427e");
  REQUIRE(root.find("checks")->array().size() == 1);
  const Json& check = root.find("checks")->array()[0];
  CHECK(check.find("path")->string() == "::is 200");
  CHECK(check.find("passes")->integer() == 9);
  const Json& shop = root.find("groups")->array()[0];
  CHECK(shop.find("path")->string() == "::shop");
  const Json& cart = shop.find("groups")->array()[0];
  CHECK(cart.find("name")->string() == "cart");
  CHECK(cart.find("checks")->array()[0].find("path")->string() == "::shop::cart::has id");
}

TEST_CASE(
    "the exported summary has k6's older shape, where true says that a threshold was crossed") {
  const Json data = k6_summary_export(sample(), {});
  CHECK(at(data, "root_group/checks/is 200/passes")->integer() == 9);
  CHECK(at(data, "root_group/groups/shop/groups/cart/checks/has id/fails")->integer() == 0);
  CHECK(at(data, "metrics/http_req_duration/p(95)") != nullptr);
  CHECK(at(data, "metrics/http_req_duration/thresholds/p(95)<5")->boolean());
  CHECK(at(data, "metrics/http_req_failed/value") != nullptr);
}

TEST_CASE("the machine-readable summary is versioned, with metrics and checks as lists") {
  const Json data = k6_machine_summary(sample(), {});
  CHECK(data.find("version")->string() == "1.0.0");
  CHECK(at(data, "config/execution")->string() == "local");
  const Json::Array& checks = at(data, "results/checks/results")->array();
  REQUIRE(checks.size() == 2);
  CHECK(checks[1].find("name")->string() == "has id");
  CHECK(at(data, "metadata/generated_at") != nullptr);
  CHECK(at(data, "metadata/k6_version") != nullptr);
  bool seen = false;
  for (const Json& metric : at(data, "results/metrics")->array())
    if (metric.find("name")->string() == "http_req_failed") {
      seen = true;
      CHECK(at(metric, "values/total")->number() > at(metric, "values/matches")->number());
    } else if (metric.find("name")->string() == "http_req_duration") {
      CHECK(at(metric, "values/p95") != nullptr);
    }
  CHECK(seen);
}

}  // namespace brunt
