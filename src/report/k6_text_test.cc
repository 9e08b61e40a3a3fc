// k6's layouts to the letter. Numbers and texts are those that k6's own tests expect.
#include "report/k6_text.h"

#include <doctest/doctest.h>

#include <map>

#include "base/assert.h"
#include "metrics/recorder.h"
#include "metrics/totals.h"

namespace brunt {
namespace {

// A run of one second, put together sample by sample.
class K6Run {
 public:
  void add(const std::string& metric, const TagSet& tags, std::initializer_list<double> values) {
    Series& series =
        recorder_.series(registry_.find(metric).value(), recorder_.tags().intern(tags));
    for (const double value : values) series.add(value);
  }
  void check(const std::string& group, const std::string& name, int passes, int fails) {
    const TagSet tags = make_tag_set({{"check", name}, {"group", group}});
    for (int i = 0; i < passes; ++i) add("checks", tags, {1});
    for (int i = 0; i < fails; ++i) add("checks", tags, {0});
    record_.checks.push_back({.name = name,
                              .group = group,
                              .passes = static_cast<std::uint64_t>(passes),
                              .fails = static_cast<std::uint64_t>(fails)});
  }
  RunRecord build(std::vector<ThresholdResult> thresholds) {
    RecordBuilder builder(record_);
    SecondRecorder seconds("here");
    ASSERT(totals_.merge(0, recorder_.freeze(0)).has_value());
    for (const SecondRecord& one : seconds.take(0, totals_.close_second(0)))
      ASSERT(builder.append(one).has_value());
    record_.run.ended = {record_.run.started.unix_ns + 1'000'000'000};
    record_.thresholds = std::move(thresholds);
    return std::move(record_);
  }

  MetricRegistry registry_;

 private:
  Recorder recorder_{registry_};
  Totals totals_;
  RunRecord record_;
};

}  // namespace

TEST_CASE("the legacy layout is k6's of before 1.0") {
  K6Run run;
  ASSERT(run.registry_.add(
      {.name = "my_trend", .kind = MetricKind::trend, .contains = Contains::time}));
  run.add("vus", {}, {1});
  run.add("my_trend", {}, {10, 15, 20});
  run.add("http_reqs", {}, {1, 1, 1});
  run.check("::child", "check1", 30, 0);
  run.check("::child", "check3", 10, 5);
  run.check("::child", "check2", 5, 10);
  const RunRecord record =
      run.build({{.selector = "http_reqs", .expression = "rate<100"},
                 {.selector = "checks", .expression = "rate>70", .passed = true},
                 {.selector = "my_trend", .expression = "avg<1"}});
  const std::string before =
      "\n     █ child\n\n       ✓ check1\n       ✗ check3\n        ↳  66% — ✓ 10 / ✗ 5\n"
      "       ✗ check2\n        ↳  33% — ✓ 5 / ✗ 10\n\n"
      "   ✓ checks......: 75.00% 45 out of 60\n   ✗ http_reqs...: 3      3/s\n";
  const std::string after = "     vus.........: 1      min=1        max=1\n\n";
  CHECK(k6_text(record,
                {.mode = K6TextMode::legacy, .trend_stats = {"avg", "min", "max", "count"}}) ==
        before + "   ✗ my_trend....: avg=15ms min=10ms max=20ms count=3\n" + after);
  CHECK(k6_text(record, {.mode = K6TextMode::legacy, .trend_stats = {"count"}}) ==
        before + "   ✗ my_trend....: count=3\n" + after);
}

TEST_CASE("parts of metrics stand below their whole") {
  K6Run run;
  for (const char* name : {"my_parent", "my_parent_post"})
    ASSERT(run.registry_.add({.name = name}));
  run.add("my_parent", {{"sub", "1"}}, {1});
  run.add("my_parent", {}, {10});
  run.add("my_parent_post", {{"sub", "2"}}, {2});
  run.add("my_parent_post", {}, {20});
  const RunRecord record =
      run.build({{.selector = "my_parent{sub:1}", .expression = "count>0", .passed = true},
                 {.selector = "my_parent_post{sub:2}", .expression = "count>0"}});
  CHECK(k6_text(record, {.mode = K6TextMode::legacy}) ==
        "\n     my_parent........: 11 11/s\n   ✓   { sub:1 }......: 1  1/s\n"
        "     my_parent_post...: 22 22/s\n   ✗   { sub:2 }......: 2  2/s\n\n");
}

TEST_CASE("the full layout has thresholds, checks, metrics by their kind, groups and scenarios") {
  K6Run run;
  ASSERT(run.registry_.add({.name = "custom_iterations"}));
  const TagSet in_default = {{"scenario", "default"}}, in_other = {{"scenario", "other"}};
  run.add("custom_iterations", in_default, {1});
  run.add("iterations", in_default, {1, 1});
  run.add("iterations", in_other, {1});
  run.add("iteration_duration", in_default, {0.5, 1500});
  run.add("response_time", in_default, {7});
  run.add("data_sent", in_default, {1234});
  run.add("http_req_blocked", {{"group", "::E"}, {"scenario", "default"}}, {0.0004});
  run.add("http_reqs", {{"group", "::E"}, {"scenario", "default"}}, {1});
  for (const char* path : {"::E", "::D", "::D::A"})
    run.add("group_duration", {{"group", path}, {"scenario", "default"}}, {3});
  run.add("group_duration", {{"group", "::F"}, {"scenario", "other"}}, {3});
  run.check("", "TRUE is TRUE", 1, 1);
  const RunRecord record = [&] {
    RunRecord made =
        run.build({{.selector = "iterations", .expression = "count == 3", .passed = true},
                   {.selector = "iterations{scenario:other}", .expression = "rate>2"},
                   {.selector = "iteration_duration", .expression = "p(99.5) < 150"}});
    made.scenarios = {{.name = "default"}, {.name = "other"}};
    return made;
  }();
  const std::string text =
      k6_text(record, {.mode = K6TextMode::full, .trend_stats = {"avg", "max"}});
  CHECK(text == R"(

  █ THRESHOLDS 

    iteration_duration
    ✗ 'p(99.5) < 150' p(99.5)=1.5s

    iterations
    ✓ 'count == 3' count=3

      {scenario:other}
      ✗ 'rate>2' rate=1/s


  █ TOTAL RESULTS 

    checks_total.......: 2      2/s
    checks_succeeded...: 50.00% 1 out of 2
    checks_failed......: 50.00% 1 out of 2

    ✗ TRUE is TRUE
      ↳  50% — ✓ 1 / ✗ 1

    CUSTOM
    custom_iterations......: 1      1/s

    HTTP
    http_req_blocked.......: avg=400ns    max=400ns
    http_reqs..............: 1      1/s

    EXECUTION
    iteration_duration.....: avg=750.25ms max=1.5s 
    iterations.............: 3      3/s
      { scenario:other }...: 1      1/s

    NETWORK
    data_sent..............: 1.2 kB 1.2 kB/s


  █ GROUP: E 

    HTTP
    http_req_blocked...: avg=400ns max=400ns
    http_reqs..........: 1 1/s


  █ GROUP: D 

    ↳ GROUP: A 


  █ SCENARIO: other 

    EXECUTION
    iterations...: 1 1/s

    ↳ GROUP: F 



)");
  const std::string compact = k6_text(record, {.mode = K6TextMode::compact});
  CHECK(compact.find("GROUP") == std::string::npos);
  CHECK(compact.find("http_req_blocked") == std::string::npos);
  CHECK(compact.find("    http_reqs") != std::string::npos);
}

}  // namespace brunt
