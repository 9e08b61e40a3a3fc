#include "record/run_record.h"

#include <doctest/doctest.h>

#include "metrics/recorder.h"

namespace brunt {
namespace {

const MetricInfo duration_metric{"http_req_duration", MetricKind::trend, Contains::time};
const MetricInfo vus_metric{"vus", MetricKind::gauge, Contains::standard, GaugeMerge::sum};

// A small language for the tests: one origin that measures and hands over seconds.
struct Origin {
  explicit Origin(const std::string& name) : recorder(registry), seconds(name) {}

  void record(MetricId metric, std::vector<Tag> tags, double value) {
    recorder.series(metric, recorder.tags().intern(std::move(tags))).add(value);
  }
  void close(std::int64_t second, RecordBuilder& builder) {
    REQUIRE(totals.merge(0, recorder.freeze(second)));
    for (const SecondRecord& one : seconds.take(second, totals.close_second(second)))
      REQUIRE(builder.append(one));
  }

  MetricRegistry registry;
  Recorder recorder;
  Totals totals;
  SecondRecorder seconds;
};

TEST_CASE("two origins that number their series differently merge exactly") {
  RunRecord record;
  RecordBuilder builder(record);
  Origin left("left");
  Origin right("right");
  left.record(MetricId::http_reqs, {{"name", "/a"}}, 1);
  left.record(MetricId::http_req_duration, {{"name", "/a"}}, 1);
  right.record(MetricId::http_req_duration, {{"name", "/a"}}, 3);
  right.record(MetricId::http_req_duration, {{"name", "/b"}}, 100);
  left.close(0, builder);
  right.close(0, builder);
  left.record(MetricId::http_req_duration, {{"name", "/a"}}, 2);
  left.close(1, builder);

  CHECK(record.origins == std::vector<std::string>{"left", "right"});
  CHECK(record.seconds() == 2);
  CHECK(record.tag_values("http_req_duration", "name") == std::vector<std::string>{"/a", "/b"});
  const auto a = record.merged({"http_req_duration", {{"name", "/a"}}}, record.all());
  REQUIRE(a);
  CHECK(a->count() == 3);
  CHECK(a->histogram().quantile(0.5) == 2);
  CHECK(a->histogram().max() == 3);
  CHECK(record.merged({"http_req_duration", {}}, record.all())->count() == 4);
  CHECK(record.merged({"http_reqs", {}}, record.all())->sum() == 1);
}

TEST_CASE("a window leaves out what lies outside it, the warm-up is one") {
  RunRecord record;
  RecordBuilder builder(record);
  Origin origin("here");
  for (int second = 0; second < 5; ++second) {
    origin.record(MetricId::http_req_duration, {}, second);
    origin.close(second, builder);
  }
  record.run.warm_up = std::chrono::milliseconds(1500);
  CHECK(record.after_warm_up() == SecondWindow{2, 5});
  const auto late = record.merged({"http_req_duration", {}}, record.after_warm_up());
  REQUIRE(late);
  CHECK(late->count() == 3);
  CHECK(late->histogram().min() == 2);
  const auto each = record.by_second({"http_req_duration", {}}, {1, 4});
  REQUIRE(each.size() == 3);
  CHECK(each[0]->sum() == 1);
  CHECK(each[2]->sum() == 3);
  CHECK_FALSE(record.merged({"http_req_duration", {{"name", "no"}}}, record.all()));
  CHECK_FALSE(record.merged({"no_such_metric", {}}, record.all()));
  record.run.warm_up = std::chrono::seconds(9);  // All of it would be warm-up.
  CHECK(record.after_warm_up() == record.all());
}

TEST_CASE("VUs of several series add up within a second and take the newest over time") {
  RunRecord record;
  RecordBuilder builder(record);
  Origin origin("here");
  const int levels[][2] = {{10, 5}, {20, 7}, {3, 0}};
  int second = 0;
  for (const auto& level : levels) {
    origin.record(MetricId::vus, {{"scenario", "a"}}, level[0]);
    origin.record(MetricId::vus, {{"scenario", "b"}}, level[1]);
    origin.close(second++, builder);
  }
  const auto vus = record.merged({"vus", {}}, record.all());
  REQUIRE(vus);
  CHECK(vus->last() == 3);
  CHECK(vus->moments().max() == 27);
  CHECK(vus->moments().min() == 3);
  const auto each = record.by_second({"vus", {}}, record.all());
  CHECK(each[1]->last() == 27);
}

TEST_CASE("a row without an announced series is malformed, a damaged histogram is left out") {
  RunRecord record;
  RecordBuilder builder(record);
  SecondRecord second{
      .origin = "here", .second = 0, .new_series = {}, .rows = std::vector<RecordRow>(1)};
  second.rows[0].series = 4;
  CHECK(builder.append(second).error().code == ErrorCode::malformed);
  second.new_series = {{.id = 4, .metric = duration_metric, .tags = {}}};
  second.rows[0].count = 1;
  second.rows[0].histogram = "\xff\xff\xff";
  REQUIRE(builder.append(second));
  CHECK_FALSE(record.merged({"http_req_duration", {}}, record.all()));
}

TEST_CASE("a quiet second is a second, and a series is announced once") {
  Origin origin("here");
  origin.record(MetricId::vus, {}, 1);
  REQUIRE(origin.totals.merge(0, origin.recorder.freeze(0)));
  const auto first = origin.seconds.take(0, origin.totals.close_second(0));
  REQUIRE(first.size() == 1);
  CHECK(first[0].new_series.size() == 1);
  CHECK(first[0].new_series[0].metric == vus_metric);
  const auto quiet = origin.seconds.take(1, {});
  REQUIRE(quiet.size() == 1);
  CHECK(quiet[0].second == 1);
  CHECK(quiet[0].rows.empty());
  origin.record(MetricId::vus, {}, 2);
  REQUIRE(origin.totals.merge(0, origin.recorder.freeze(2)));
  CHECK(origin.seconds.take(2, origin.totals.close_second(2))[0].new_series.empty());
}

}  // namespace
}  // namespace brunt
