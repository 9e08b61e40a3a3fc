#include "report/figures.h"

#include <doctest/doctest.h>

#include "report/sample_run.h"

namespace brunt {
namespace {

TEST_CASE("the table is by name, the most frequent first, and adds up to the whole") {
  const RunRecord record = SampleRun({}).build();
  const Figures figures = figures_of(record);
  REQUIRE(figures.whole);
  REQUIRE(figures.requests.size() == 3);
  CHECK(figures.requests[0].name == "GET /command");
  std::uint64_t count = 0;
  std::uint64_t failed = 0;
  for (const RequestFigures& one : figures.requests) {
    count += one.latency.count;
    failed += one.failed;
  }
  CHECK(count == figures.whole->latency.count);
  CHECK(failed == figures.whole->failed);
  CHECK(figures.whole->each_second == doctest::Approx(static_cast<double>(count) / 55));
  CHECK(figures.window == SecondWindow{5, 60});  // Without the warm-up.
}

TEST_CASE("URLs counted by themselves before their shape had a name stand in its row") {
  RunRecord record = SampleRun({}).build();
  for (SeriesInfo& one : record.series)
    for (Tag& tag : one.tags) {
      if (tag.value == "POST /login") tag.value = "http://h/timers/*";
      if (tag.value == "POST /measurement") tag.value = "http://h/timers/7";
    }
  const Figures figures = figures_of(record);
  REQUIRE(figures.requests.size() == 2);
  const RequestFigures& timers =
      figures.requests[0].name == "GET /command" ? figures.requests[1] : figures.requests[0];
  CHECK(timers.name == "http://h/timers/*");
  CHECK(figures.requests[0].latency.count + figures.requests[1].latency.count ==
        figures.whole->latency.count);
  CHECK(timers.latency.p50 > 3);
  for (const ErrorCause& cause : figures.errors) CHECK(cause.name != "http://h/timers/7");
}

TEST_CASE("the whole has intervals around its percentiles once there are enough seconds") {
  const Figures figures = figures_of(SampleRun({}).build());
  const Latency& latency = figures.whole->latency;
  for (const auto& [interval, estimate] : {std::pair{latency.p50_interval, latency.p50},
                                           std::pair{latency.p95_interval, latency.p95}}) {
    REQUIRE(interval);
    CHECK(interval->low <= estimate);
    CHECK(estimate <= interval->high);
    CHECK(interval->high < 1.5 * interval->low);
  }
  CHECK_FALSE(figures_of(SampleRun({.seconds = 20}).build()).whole->latency.p50_interval);
}

TEST_CASE("response time of an open model tells of the stall that service time hides") {
  const Figures figures = figures_of(SampleRun({}).build());
  REQUIRE(figures.arrivals);
  CHECK(figures.arrivals->response.p99 > 10 * figures.arrivals->service.p99);
  CHECK(figures.arrivals->dropped == 120);
  CHECK(figures.arrivals->planned == 11'760 + 3 + 120);
  CHECK(figures.arrivals->is_censored());
}

TEST_CASE("an interrupted run without scenario figures counts arrivals from its series") {
  RunRecord record = SampleRun({}).build();
  record.scenarios.clear();
  const Figures figures = figures_of(record);
  REQUIRE(figures.arrivals);
  CHECK(figures.arrivals->dropped == 120);
  CHECK(figures.arrivals->planned > 11'000);
}

TEST_CASE("causes of errors are told in words and add up to the failures") {
  const Figures figures = figures_of(SampleRun({}).build());
  std::uint64_t count = 0;
  for (const ErrorCause& one : figures.errors) count += one.count;
  CHECK(count == figures.whole->failed);
  CHECK(figures.errors.front().words == "connection refused: nobody listens there");
}

TEST_CASE("of gRPC the status tells which calls failed, and why") {
  RunRecord record = SampleRun({}).build();
  const Figures before = figures_of(record);
  for (SeriesInfo& series : record.series) {
    if (series.metric.name != "http_req_duration") continue;
    series.metric.name = "grpc_req_duration";
    series.tags.push_back(
        {"status", tag_value(series.tags, "name") == "GET /command" ? "14" : "0"});
    series.tags = make_tag_set(series.tags);
  }
  const Figures figures = figures_of(record);
  REQUIRE(figures.whole);
  CHECK(figures.whole->failed == before.requests[0].latency.count);
  CHECK(figures.requests[0].failed_share == 1);
  CHECK(figures.requests[1].failed == 0);
  REQUIRE(figures.errors.size() == 1);
  CHECK(figures.errors[0].words == "gRPC: Unavailable (14)");
  CHECK(figures.errors[0].count == figures.whole->failed);
  CHECK(grpc_status_words("99") == "gRPC: status 99");
}

TEST_CASE("an answer that was expected is no error, whatever its status") {
  RunRecord record = SampleRun({}).build();
  for (SeriesInfo& one : record.series)
    for (Tag& tag : one.tags)
      if (tag.key == "expected_response") tag.value = "true";
  CHECK(figures_of(record).errors.empty());
}

TEST_CASE("an error is put in words from its code, its message, or its status") {
  struct Row {
    std::string_view code, message, status, words;
  };
  const Row rows[] = {
      {"1212", "dial: connection refused", "0", "connection refused: nobody listens there"},
      {"1050", "request timeout", "0", "no complete answer before the time-out"},
      {"1503", "", "503", "answered 503 Service Unavailable"},
      {"1418", "", "418", "answered 418"},
      {"1000", "weird thing", "0", "weird thing"},
      {"1000", "EOF", "0", "the connection was closed instead of an answer"},
      {"1000", "unexpected EOF", "0", "the connection was closed within the answer"},
      {"1200", "", "0", "the connection failed"},
      {"4711", "", "0", "error 4711"},
      {"", "", "404", "answered 404 Not Found"},
      {"", "gone wrong", "", "gone wrong"},
      {"", "", "", "failed without a known cause"},
  };
  for (const Row& row : rows) CHECK(error_words(row.code, row.message, row.status) == row.words);
}

TEST_CASE("the generator's health is added up over its threads") {
  const Figures figures = figures_of(SampleRun({}).build());
  CHECK(figures.generator.is_known);
  CHECK(figures.generator.cpu_cores_mean == doctest::Approx(0.22).epsilon(0.05));
  REQUIRE(figures.generator.slip);
  CHECK(figures.generator.slip->max < 0.06);
  CHECK(figures.generator.loop_lag_max_ms < 1.31);
}

TEST_CASE("services and the machine have their levels, each second counted the same") {
  const Figures figures = figures_of(SampleRun({}).build());
  REQUIRE(figures.services.size() == 2);
  const ServiceFigures& shop = figures.services[1];
  CHECK(shop.name == "shop");
  CHECK(shop.cpu_cores_max == doctest::Approx(0.71));
  CHECK(shop.cpu_cores_mean < shop.cpu_cores_max);
  CHECK(shop.rss_bytes_max == doctest::Approx(48e6 + 59 * 2e5));
  CHECK(shop.switches_voluntary_each_second == doctest::Approx(4000));
  CHECK(shop.disk_written_bytes == doctest::Approx(55 * 1e5));  // Without the warm-up.
  CHECK(figures.host.is_known);
  CHECK(figures.host.pressure_cpu == doctest::Approx(0.08));
  CHECK_FALSE(figures.host.pressure_io.has_value());
}

}  // namespace
}  // namespace brunt
