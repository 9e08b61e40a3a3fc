#include "metrics/totals.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "metrics/recorder.h"

namespace brunt {
namespace {

// Two origins, as two threads or processes are.
struct TwoOrigins {
  void add(int origin, MetricId metric, std::string_view name, double value) {
    Recorder& recorder = recorders[origin];
    recorder
        .series(metric, recorder.tags().with(TagSetId::none, {{"name", name}, {"status", "200"}}))
        .add(value);
  }
  Result<> send(int origin, std::int64_t second) {
    return totals.merge(static_cast<std::uint32_t>(origin), recorders[origin].freeze(second));
  }

  MetricRegistry registry;
  Recorder recorders[2] = {Recorder(registry), Recorder(registry)};
  Totals totals;
};

const SecondRow& row_of(const std::vector<SecondRow>& rows, std::string_view metric) {
  const auto found = std::ranges::find_if(
      rows, [&](const SecondRow& row) { return row.series->metric.name == metric; });
  REQUIRE(found != rows.end());
  return *found;
}

}  // namespace

TEST_CASE("a second of two origins is one row a series, the totals are the sum") {
  TwoOrigins run;
  for (int i = 1; i <= 100; ++i)
    run.add(i % 2, MetricId::http_req_duration, "/a", static_cast<double>(i));
  run.add(0, MetricId::http_reqs, "/a", 50);
  run.add(1, MetricId::http_reqs, "/a", 50);
  REQUIRE(run.send(0, 0));
  REQUIRE(run.send(1, 0));
  const auto rows = run.totals.close_second(0);
  REQUIRE(rows.size() == 2);
  CHECK(row_of(rows, "http_reqs").sink.sum() == 100);
  const SecondRow& duration = row_of(rows, "http_req_duration");
  CHECK(duration.sink.count() == 100);
  CHECK(duration.p50 == 50);
  CHECK(duration.p95 == 95);
  CHECK(duration.p99 == 99);
  CHECK(Histogram::decode(as_bytes(duration.histogram)).value() == duration.sink.histogram());

  run.add(0, MetricId::http_reqs, "/a", 1);
  REQUIRE(run.send(0, 1));
  CHECK(row_of(run.totals.close_second(1), "http_reqs").sink.sum() == 1);
  CHECK(run.totals.select({"http_reqs", {}})->sum() == 101);
}

TEST_CASE("a selection takes the series that carry every named tag") {
  TwoOrigins run;
  run.add(0, MetricId::http_reqs, "/a", 1);
  run.add(0, MetricId::http_reqs, "/b", 10);
  run.add(1, MetricId::http_reqs, "/b", 100);
  run.add(1, MetricId::checks, "/b", 1);
  REQUIRE(run.send(0, 0));
  REQUIRE(run.send(1, 0));
  struct Row {
    TagSet tags;
    double sum;
  };
  const Row rows[] = {{{}, 111},
                      {{{"name", "/b"}}, 110},
                      {{{"name", "/b"}, {"status", "200"}}, 110},
                      {{{"name", "/b"}, {"status", "500"}}, -1},
                      {{{"scenario", "x"}}, -1},
                      {{{"scenario", ""}}, 111}};
  for (const Row& row : rows) {
    const auto sink = run.totals.select({"http_reqs", row.tags});
    CHECK((sink ? sink->sum() : -1) == row.sum);
  }
  CHECK_FALSE(run.totals.select({"no_such_metric", {}}));
}

TEST_CASE("gauges that count their own are summed over the origins, others show the worst") {
  TwoOrigins run;
  run.add(0, MetricId::vus, "", 30);
  run.add(1, MetricId::vus, "", 20);
  run.add(0, MetricId::generator_cpu, "", 0.4);
  run.add(1, MetricId::generator_cpu, "", 0.9);
  REQUIRE(run.send(0, 0));
  REQUIRE(run.send(1, 0));
  auto rows = run.totals.close_second(0);
  CHECK(row_of(rows, "vus").sink.last() == 50);
  CHECK(row_of(rows, "generator_cpu").sink.last() == 0.9);
  run.add(1, MetricId::vus, "", 5);  // The other one still has its 30.
  REQUIRE(run.send(1, 1));
  rows = run.totals.close_second(1);
  CHECK(row_of(rows, "vus").sink.last() == 35);
  CHECK(run.totals.select({"vus", {}})->moments().max() == 50);
}

TEST_CASE("the gauge of an origin that has ended is no longer part of the sum") {
  TwoOrigins run;
  run.add(0, MetricId::vus, "", 30);
  run.add(1, MetricId::vus, "", 20);
  REQUIRE(run.send(0, 0));
  REQUIRE(run.send(1, 0));
  REQUIRE(run.send(0, 1));  // Its last: nothing is said of vus.
  run.totals.end(0);
  run.add(1, MetricId::vus, "", 25);
  REQUIRE(run.send(1, 1));
  auto rows = run.totals.close_second(0);
  CHECK(row_of(rows, "vus").sink.last() == 50);
  rows = run.totals.close_second(1);
  CHECK(row_of(rows, "vus").sink.last() == 25);
}

TEST_CASE("vus of several scenarios are selected as their sum") {
  TwoOrigins run;
  run.add(0, MetricId::vus, "a", 30);
  run.add(1, MetricId::vus, "b", 20);
  run.add(0, MetricId::generator_cpu, "a", 0.2);
  run.add(1, MetricId::generator_cpu, "b", 0.1);
  REQUIRE(run.send(0, 0));
  REQUIRE(run.send(1, 0));
  run.totals.close_second(0);
  CHECK(run.totals.select({"vus", {}})->last() == 50);
  CHECK(run.totals.select({"vus", {}})->moments().max() == 50);
  CHECK(run.totals.select({"generator_cpu", {}})->moments().max() == 0.2);
}

TEST_CASE("a late snapshot counts in the next second that closes") {
  TwoOrigins run;
  run.add(0, MetricId::http_reqs, "/a", 1);
  run.add(1, MetricId::http_reqs, "/a", 2);
  REQUIRE(run.send(0, 3));
  CHECK(run.totals.close_second(3).size() == 1);
  REQUIRE(run.send(1, 3));
  const auto rows = run.totals.close_second(4);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].second == 4);
  CHECK(rows[0].sink.sum() == 2);
  CHECK(run.totals.select({"http_reqs", {}})->sum() == 3);
}

TEST_CASE("several open seconds close in order") {
  TwoOrigins run;
  for (std::int64_t second = 0; second < 3; ++second) {
    run.add(0, MetricId::http_reqs, "/a", 1);
    REQUIRE(run.send(0, second));
  }
  const auto rows = run.totals.close_second(2);
  REQUIRE(rows.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) CHECK(rows[i].second == static_cast<std::int64_t>(i));
}

TEST_CASE("tags that print alike are different series") {
  TwoOrigins run;
  TagTable& tags = run.recorders[0].tags();
  run.recorders[0]
      .series(MetricId::http_reqs, tags.with(TagSetId::none, {{"a", "b,c:d"}}))
      .add(1.0);
  run.recorders[0]
      .series(MetricId::http_reqs, tags.with(TagSetId::none, {{"a", "b"}, {"c", "d"}}))
      .add(2.0);
  REQUIRE(run.send(0, 0));
  CHECK(run.totals.all().size() == 2);
}

TEST_CASE("what a broken child sends is malformed") {
  const SeriesDefinition reqs{SeriesId{0}, {"http_reqs", MetricKind::counter}, {}};
  const SeriesDefinition later{SeriesId{5}, {"http_reqs", MetricKind::counter}, {}};
  const SeriesDefinition other{SeriesId{0}, {"http_reqs", MetricKind::trend}, {}};
  const auto snapshot = [](std::vector<SeriesDefinition> defined, std::vector<SeriesRow> rows) {
    Snapshot made;
    made.defined = std::move(defined);
    made.rows = std::move(rows);
    return made;
  };
  Totals totals;
  REQUIRE(totals.merge(0, snapshot({reqs}, {})));
  const auto refused = [&](std::uint32_t origin, const Snapshot& bad) {
    const auto result = totals.merge(origin, bad);
    return !result && result.error().code == ErrorCode::malformed;
  };
  CHECK(refused(1, snapshot({}, {{SeriesId{0}, Sink(MetricKind::counter)}})));
  CHECK(refused(1, snapshot({later}, {})));
  CHECK(refused(1, snapshot({other}, {})));
  CHECK(refused(0, snapshot({}, {{SeriesId{0}, Sink(MetricKind::trend)}})));
}

TEST_CASE("seconds that nobody closes are refused at a limit") {
  Totals totals(Totals::Limits{.seconds_open_max = 2, .series_max = 1});
  Snapshot snapshot;
  for (snapshot.second = 0; snapshot.second < 2; ++snapshot.second)
    REQUIRE(totals.merge(0, snapshot));
  CHECK(totals.merge(0, snapshot).error().code == ErrorCode::exhausted);
}

}  // namespace brunt
