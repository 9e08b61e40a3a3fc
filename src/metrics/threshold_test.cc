#include "metrics/threshold.h"

#include <doctest/doctest.h>

#include "metrics/threshold_judge.h"

namespace brunt {

using namespace std::chrono_literals;

TEST_CASE("conditions are read as k6 reads them, and with units") {
  struct Row {
    const char* text;
    MetricKind kind;
    Contains contains;
    Statistic statistic;
    ThresholdOperator comparison;
    double limit;
  };
  using enum ThresholdOperator;
  const Row rows[] = {
      {"p(95)<250", MetricKind::trend, Contains::time, Statistic::percentile, less, 250},
      {"p(99.9) <= 1.5s", MetricKind::trend, Contains::time, Statistic::percentile, less_or_equal,
       1500},
      {" avg < 250ms ", MetricKind::trend, Contains::time, Statistic::avg, less, 250},
      {"med>=250us", MetricKind::trend, Contains::time, Statistic::med, greater_or_equal, 0.25},
      {"max!=0", MetricKind::trend, Contains::standard, Statistic::max, not_equal, 0},
      {"min>-5", MetricKind::trend, Contains::standard, Statistic::min, greater, -5},
      {"p( 50 )===1e3", MetricKind::trend, Contains::standard, Statistic::percentile, equal, 1000},
      {"avg<64KiB", MetricKind::trend, Contains::data, Statistic::avg, less, 65536},
      {"count==10", MetricKind::counter, Contains::standard, Statistic::count, equal, 10},
      {"rate>100/s", MetricKind::counter, Contains::standard, Statistic::rate, greater, 100},
      {"rate>600/m", MetricKind::counter, Contains::standard, Statistic::rate, greater, 10},
      {"rate<10MB/s", MetricKind::counter, Contains::data, Statistic::rate, less, 1e7},
      {"rate>1.5", MetricKind::counter, Contains::standard, Statistic::rate, greater, 1.5},
      {"rate<0.1%", MetricKind::rate, Contains::standard, Statistic::rate, less, 0.001},
      {"rate<.01", MetricKind::rate, Contains::standard, Statistic::rate, less, 0.01},
      {"value<=+5", MetricKind::gauge, Contains::standard, Statistic::value, less_or_equal, 5},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto condition = parse_condition(row.text, row.kind, row.contains);
    REQUIRE(condition);
    CHECK(condition->statistic == row.statistic);
    CHECK(condition->comparison == row.comparison);
    CHECK(condition->limit == doctest::Approx(row.limit));
    CHECK(condition->window == Duration{});
    CHECK(condition->scope == ThresholdScope::whole_run);
  }
}

TEST_CASE("windows and warm-up follow in either order") {
  for (const char* text : {"p(95)<1s over 10s after warm-up", "p(95)<1s after warm-up over 10s"}) {
    const auto condition = parse_condition(text, MetricKind::trend, Contains::time);
    REQUIRE(condition);
    CHECK(condition->window == 10s);
    CHECK(condition->scope == ThresholdScope::after_warm_up);
    CHECK(condition->text == text);
  }
}

TEST_CASE("a condition may be about the time outside faults or during them") {
  const auto outside =
      parse_condition("p(95)<1s after warm-up outside faults", MetricKind::trend, Contains::time);
  REQUIRE(outside);
  CHECK(outside->faults == FaultScope::outside_faults);
  CHECK(outside->scope == ThresholdScope::after_warm_up);
  const auto during =
      parse_condition("rate<50% during faults", MetricKind::rate, Contains::standard);
  REQUIRE(during);
  CHECK(during->faults == FaultScope::during_faults);
}

TEST_CASE("a condition that cannot be read says where and what may stand there") {
  struct Row {
    const char* text;
    MetricKind kind;
    const char* error;
  };
  const Row rows[] = {
      {"", MetricKind::rate, "column 1: expected one of rate, count"},
      {"p95<1", MetricKind::trend, "column 2: expected ( and a percentile"},
      {"p(101)<1", MetricKind::trend, "column 3: expected a percentile from 0 to 100, not"},
      {"p(nan)<1", MetricKind::trend, "column 3: expected a percentile"},
      {"p(95<1", MetricKind::trend, "column 3: expected a percentile"},
      {"mean<1", MetricKind::trend, "column 1: expected one of avg, min, max, med, count, p(N)"},
      {"avg<1", MetricKind::counter, "column 1: expected one of count, rate (what a counter has)"},
      {"avg=1", MetricKind::trend, "column 4: expected one of < <= > >= == === !=, not \"=1\""},
      {"avg<>1", MetricKind::trend, "column 5: expected a duration, as 250ms, or a number"},
      {"avg<1 000", MetricKind::trend, "column 7: expected the end"},
      {"avg<250mb", MetricKind::trend, "column 5: expected a duration"},
      {"avg<", MetricKind::trend,
       "column 5: expected a duration, as 250ms, or a number (ms), not "
       "the end"},
      {"avg<inf", MetricKind::trend, "column 5: expected a duration"},
      {"count<5ms", MetricKind::trend, "column 7: expected a number without a unit"},
      {"rate<10ms", MetricKind::rate, "column 6: expected a share, as 0.001 or 0.1%"},
      {"rate<10MB/s", MetricKind::counter, "column 6: expected a rate, as 100/s"},
      {"avg<1 over", MetricKind::trend, "column 11: expected a window of whole seconds"},
      {"avg<1 over 1500ms", MetricKind::trend, "column 12: expected a window of whole seconds"},
      {"avg<1 over 2h", MetricKind::trend, "column 12: expected a window of whole seconds"},
      {"avg<1 over 5s over 5s", MetricKind::trend, "column 15: expected the end"},
      {"avg<1 after lunch", MetricKind::trend, "column 13: expected warm-up, not \"lunch\""},
      {"avg<1 outside lunch", MetricKind::trend, "column 15: expected faults, not \"lunch\""},
      {"avg<1 outside faults during faults", MetricKind::trend, "column 22: expected the end"},
      {"avg<1 over 5s outside faults", MetricKind::trend,
       "column 15: expected either \"over\" or \"faults\""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto condition = parse_condition(
        row.text, row.kind, row.kind == MetricKind::trend ? Contains::time : Contains::standard);
    REQUIRE_FALSE(condition);
    CHECK(condition.error().code == ErrorCode::invalid);
    CAPTURE(condition.error().text);
    CHECK(condition.error().text.find(row.error) != std::string::npos);
  }
}

TEST_CASE("selectors name exact tag values") {
  struct Row {
    const char* text;
    TagSet tags;
  };
  const Row rows[] = {
      {"http_reqs", {}},
      {"http_reqs{status:200}", {{"status", "200"}}},
      {" http_reqs { name:/x , status:200 } ", {{"name", "/x"}, {"status", "200"}}},
      {"http_reqs{name:http://h:80/x}", {{"name", "http://h:80/x"}}},
      {"http_reqs{name:/x/${}}", {{"name", "/x/${}"}}},
      {"http_reqs{name:\"a,b\",'k':'v'}", {{"k", "v"}, {"name", "a,b"}}},
      {"http_reqs{status:}", {{"status", ""}}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto selector = parse_selector(row.text);
    REQUIRE(selector);
    CHECK(selector->metric == "http_reqs");
    CHECK(selector->tags == row.tags);
  }
  for (const char* bad :
       {"", "9x", "a b", "http_reqs{", "http_reqs{}", "http_reqs{a}", "http_reqs{a:b}x",
        "http_reqs{a:'b}", "http_reqs{a:b,}", "http_reqs{a:'b'c}", "{a:b}"}) {
    CAPTURE(bad);
    const auto selector = parse_selector(bad);
    REQUIRE_FALSE(selector);
    CHECK(selector.error().code == ErrorCode::invalid);
  }
}

TEST_CASE("a threshold on a metric that is not there names the nearest one") {
  const MetricRegistry registry;
  const auto threshold = make_threshold(registry, "http_req_durations{a:b}", "p(95)<1");
  REQUIRE_FALSE(threshold);
  CHECK(threshold.error().code == ErrorCode::not_found);
  CHECK(threshold.error().text.find("http_req_duration\"") != std::string::npos);
  CHECK(make_threshold(registry, "http_req_duration{a:b}", "p(95)<1").value().metric.contains ==
        Contains::time);
}

TEST_CASE("figures print with the unit of their metric") {
  struct Row {
    const char* text;
    MetricInfo metric;
    double figure;
    const char* expected;
  };
  const Row rows[] = {
      {"p(99)<1", {"t", MetricKind::trend, Contains::time}, 412, "412ms"},
      {"rate<1", {"r", MetricKind::rate}, 0.0012, "0.12%"},
      {"count<1", {"t", MetricKind::trend, Contains::time}, 1200, "1,200"},
      {"rate<1", {"c", MetricKind::counter}, 98.5, "98.5/s"},
      {"value<1", {"g", MetricKind::gauge}, 7, "7"},
  };
  for (const Row& row : rows) {
    const auto condition = parse_condition(row.text, row.metric.kind, row.metric.contains);
    REQUIRE(condition);
    CHECK(format_figure(*condition, row.metric, row.figure) == row.expected);
  }
  CHECK(format_statistic(parse_statistic("p(99.9)", MetricKind::trend).value()) == "p(99.9)");
  CHECK(format_statistic(parse_statistic("avg", MetricKind::trend).value()) == "avg");
  CHECK_FALSE(parse_statistic("avg<1", MetricKind::trend));
}

}  // namespace brunt
