// Seconds of several generators: merged exactly, closed when the last of them has delivered.
#include "run/seconds.h"

#include <doctest/doctest.h>

#include <optional>

#include "metrics/recorder.h"
#include "plan/yaml_reader.h"

using namespace brunt;
using namespace std::chrono_literals;

namespace {

// One generator: what it recorded goes out with each second.
class Source {
 public:
  Source(const MetricRegistry& registry, std::uint32_t index)
      : recorder_(registry), index_(index) {}

  void request(double milliseconds, bool failed = false) {
    const TagSetId tags = recorder_.tags().intern({{"name", "/a"}});
    recorder_.series(MetricId::http_reqs, tags).add(1.0);
    recorder_.series(MetricId::http_req_failed, tags).add(failed ? 1.0 : 0.0);
    recorder_.series(MetricId::http_req_duration, tags).add(milliseconds);
  }
  void message(MetricId metric) { recorder_.series(metric, TagSetId::none).add(1.0); }
  void check(std::string_view name, bool passed) {
    const TagSetId tags = recorder_.tags().with(TagSetId::none, {{"check", name}, {"group", ""}});
    recorder_.series(MetricId::checks, tags).add(passed ? 1.0 : 0.0);
  }
  GeneratorSecond second(std::int64_t number, bool last = false) {
    GeneratorSecond second{
        .generator = index_, .snapshot = recorder_.freeze(number), .cpu = cpu, .last = last};
    if (progress) second.progress = {*progress};
    return second;
  }

  double cpu = 0;
  std::optional<ScenarioProgress> progress;

 private:
  Recorder recorder_;
  std::uint32_t index_;
};

std::vector<std::int64_t> numbers(const Result<std::vector<ClosedSecond>>& closed) {
  REQUIRE(closed);
  std::vector<std::int64_t> numbers;
  for (const ClosedSecond& second : *closed) numbers.push_back(second.second);
  return numbers;
}

double requests_in(const ClosedSecond& second) {
  double sum = 0;
  for (const SecondRow& row : second.rows)
    if (row.series->metric.name == "http_reqs") sum += row.sink.sum();
  return sum;
}

using Numbers = std::vector<std::int64_t>;

Plan plan_with(const std::string& load) {
  auto plan = read_plan("name: t\nscenarios:\n  s:\n    target: http://localhost\n" + load +
                            "    steps: [ { GET: / } ]\n",
                        "t.yaml", {});
  REQUIRE_MESSAGE(plan.has_value(), plan.error().text());
  return std::move(*plan);
}

}  // namespace

TEST_CASE("a second closes when every generator has delivered it, and holds what all did") {
  const MetricRegistry registry;
  Source first(registry, 0), second(registry, 1);
  Seconds seconds(2);
  first.request(5);
  second.request(7);
  second.request(9);
  CHECK(numbers(seconds.take(first.second(0))) == Numbers{});
  const auto closed = seconds.take(second.second(0));
  REQUIRE(numbers(closed) == Numbers{0});
  CHECK(requests_in(closed->front()) == 3);
  CHECK(!seconds.all_ended());
}

TEST_CASE("a generator that is late holds the others' seconds back, in their order") {
  const MetricRegistry registry;
  Source first(registry, 0), late(registry, 1);
  Seconds seconds(2);
  for (std::int64_t i = 0; i < 3; ++i) {
    first.request(1);
    CHECK(numbers(seconds.take(first.second(i))) == Numbers{});
  }
  late.request(1);
  CHECK(numbers(seconds.take(late.second(0))) == Numbers{0});
  CHECK(numbers(seconds.take(late.second(2))) == Numbers{1, 2});
}

TEST_CASE("a generator that has ended is not waited for") {
  const MetricRegistry registry;
  Source first(registry, 0), second(registry, 1);
  Seconds seconds(2);
  CHECK(numbers(seconds.take(first.second(0))) == Numbers{});
  CHECK(numbers(seconds.take(second.second(1, true))) == Numbers{0});
  CHECK(numbers(seconds.take(first.second(1))) == Numbers{1});
  CHECK(!seconds.all_ended());
  first.request(1);
  const auto closed = seconds.take(first.second(4, true));
  CHECK(numbers(closed) == Numbers{2, 3, 4});
  CHECK(requests_in(closed->back()) == 1);
  CHECK(seconds.all_ended());
}

TEST_CASE("a generator that vanished leaves its last seconds and its counts") {
  const MetricRegistry registry;
  const Plan plan = plan_with("    executor: per-vu-iterations\n    vus: 2\n    iterations: 10\n");
  Source first(registry, 0), gone(registry, 1);
  ScenarioProgress progress{.name = "s"};
  progress.now.counts.completed = 4;
  first.progress = gone.progress = progress;
  Seconds seconds(2);
  CHECK(numbers(seconds.take(gone.second(0))) == Numbers{});
  gone.request(3);
  CHECK(numbers(seconds.take(gone.second(1))) == Numbers{});
  // What the conductor puts in its place when the connection breaks: nothing, and the end.
  GeneratorSecond end{.generator = 1, .last = true};
  CHECK(numbers(seconds.take(end)) == Numbers{});
  const auto closed = seconds.take(first.second(0, true));
  REQUIRE(numbers(closed) == Numbers{0, 1});
  CHECK(requests_in(closed->back()) == 1);
  CHECK(seconds.scenarios(plan).front().iterations_completed == 8);
}

TEST_CASE("a snapshot that makes no sense is an error, not a second") {
  Seconds seconds(1);
  GeneratorSecond second;
  second.snapshot.rows.push_back({SeriesId{7}, Sink(MetricKind::counter)});
  const auto taken = seconds.take(second);
  REQUIRE(!taken);
  CHECK(taken.error().code == ErrorCode::malformed);
}

TEST_CASE("checks are added up by name over all generators, in the order in which they came") {
  const MetricRegistry registry;
  Source first(registry, 0), second(registry, 1);
  Seconds seconds(2);
  first.check("status is 200", true);
  second.check("status is 200", false);
  second.check("it is quick", true);
  (void)numbers(seconds.take(first.second(0)));
  (void)numbers(seconds.take(second.second(0)));
  const auto checks = seconds.checks();
  REQUIRE(checks.size() == 2);
  CHECK(checks[0].name == "status is 200");
  CHECK(checks[0].passes == 1);
  CHECK(checks[0].fails == 1);
  CHECK(checks[1].name == "it is quick");
}

TEST_CASE("progress is of all generators, figures of the seconds just closed, totals of the run") {
  const MetricRegistry registry;
  const Plan plan = plan_with("    executor: constant-vus\n    vus: 4\n    duration: 10s\n");
  Source first(registry, 0), second(registry, 1);
  ScenarioProgress progress{.name = "s"};
  progress.now = {.phase = ExecutorPhase::running,
                  .elapsed = 3s,
                  .duration = 10s,
                  .vus_active = 2,
                  .vus_max = 2};
  progress.now.counts.completed = 5;
  first.progress = progress;
  progress.now.elapsed = 4s;
  progress.now.counts.dropped = 1;
  second.progress = progress;
  second.cpu = 0.5;
  Seconds seconds(2);
  first.request(10);
  second.request(30, true);
  (void)numbers(seconds.take(first.second(0)));
  auto closed = seconds.take(second.second(0));
  REQUIRE(closed);
  Progress shown = seconds.progress(plan, *closed);
  REQUIRE(shown.scenarios.size() == 1);
  CHECK(shown.scenarios[0].iterations_done == 10);
  CHECK(shown.scenarios[0].vus_active == 4);
  CHECK(shown.scenarios[0].vus_max == 4);
  CHECK(shown.scenarios[0].elapsed == 4s);
  CHECK(shown.scenarios[0].duration == 10s);
  CHECK(shown.dropped == 1);
  CHECK(shown.requests_each_second == 2);
  CHECK(shown.requests == 2);
  CHECK(shown.failed == 1);
  CHECK(shown.generator_cpu == 0.5);
  CHECK(shown.p50 >= 9ms);
  CHECK(shown.p99 <= 31ms);
  // Two seconds without a request: a rate over both, and no quantiles of nothing.
  for (const MetricId metric : {MetricId::ws_msgs_sent, MetricId::ws_msgs_received,
                                MetricId::grpc_streams_msgs_received, MetricId::ws_sessions})
    first.message(metric);
  (void)numbers(seconds.take(first.second(2)));
  closed = seconds.take(second.second(2));
  REQUIRE(numbers(closed) == Numbers{1, 2});
  shown = seconds.progress(plan, *closed);
  CHECK(shown.messages_each_second == 1.5);
  CHECK(shown.messages == 3);
  CHECK(shown.requests_each_second == 0);
  CHECK(shown.requests == 2);
  CHECK(shown.failed_last_second == 0);
  CHECK(shown.p99 == 0s);
}

TEST_CASE("planned iterations are those of all generators, and arrivals are shown by their time") {
  struct Row {
    const char* load;
    std::uint64_t planned_each, planned;
    Duration duration;
  };
  const Row rows[] = {
      {"    executor: per-vu-iterations\n    vus: 2\n    iterations: 10\n", 10, 20, 0s},
      // Both threads draw from one budget.
      {"    executor: shared-iterations\n    vus: 2\n    iterations: 100\n", 100, 100, 0s},
      {"    executor: constant-arrival-rate\n    rate: 10/s\n    duration: 10s\n"
       "    pre_allocated_vus: 2\n",
       50, 100, 10s},
  };
  for (const Row& row : rows) {
    CAPTURE(row.load);
    const MetricRegistry registry;
    const Plan plan = plan_with(row.load);
    Source first(registry, 0), second(registry, 1);
    ScenarioProgress progress{.name = "s", .executor = plan.scenarios[0].load.executor};
    progress.now = {.phase = ExecutorPhase::running,
                    .elapsed = 1s,
                    .duration = 10s,
                    .iterations_planned = row.planned_each};
    first.progress = second.progress = progress;
    Seconds seconds(2);
    (void)numbers(seconds.take(first.second(0)));
    const auto closed = seconds.take(second.second(0));
    REQUIRE(closed);
    const Progress shown = seconds.progress(plan, *closed);
    REQUIRE(shown.scenarios.size() == 1);
    CHECK(shown.scenarios[0].iterations_planned == row.planned);
    CHECK(shown.scenarios[0].duration == row.duration);
  }
}
