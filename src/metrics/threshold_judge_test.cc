#include "metrics/threshold_judge.h"

#include <doctest/doctest.h>

#include <functional>
#include <optional>
#include <string>

#include "metrics/recorder.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;

// Plays a run second by second: `measure(recorder, second)` records what happens in it.
struct Play {
  std::int64_t seconds = 0;
  std::function<void(Recorder&, std::int64_t)> measure;
  Duration warm_up{};
  Duration load_end = Duration::max();
  NoSamples no_samples = NoSamples::fail;
  std::function<bool(std::int64_t)> is_of_fault;
  MetricRegistry registry;
  std::optional<ThresholdJudge> judge;  // The outcome points into it.

  ThresholdOutcome run(std::string_view selector, std::string_view condition) {
    Threshold threshold = make_threshold(registry, selector, condition).value();
    threshold.no_samples = no_samples;
    judge.emplace(std::vector{std::move(threshold)},
                  ThresholdJudge::Options{warm_up, load_end, is_of_fault});
    Recorder recorder(registry);
    Totals totals;
    for (std::int64_t second = 0; second < seconds; ++second) {
      measure(recorder, second);
      REQUIRE(totals.merge(0, recorder.freeze(second)));
      judge->observe(second, totals.close_second(second));
    }
    return judge->final_results(std::chrono::seconds(seconds))[0];
  }
};

void request(Recorder& recorder, double duration_ms, std::string_view name = "/x") {
  const TagSetId tags = recorder.tags().with(TagSetId::none, {{"name", name}});
  recorder.series(MetricId::http_req_duration, tags).add(duration_ms);
  recorder.series(MetricId::http_reqs, tags).add(1.0);
}

}  // namespace

TEST_CASE("a condition over the whole run looks at every selected sample") {
  const auto measure = [](Recorder& recorder, std::int64_t second) {
    for (int i = 0; i < 10; ++i) request(recorder, second == 3 ? 900 : 100);
    request(recorder, 5000, "/slow");
  };
  struct Row {
    const char* selector;
    const char* condition;
    ThresholdState state;
    double measured;
  };
  const Row rows[] = {
      {"http_req_duration{name:/x}", "max<1s", ThresholdState::ok, 900},
      {"http_req_duration{name:/x}", "p(95)<250", ThresholdState::failed, 900},
      {"http_req_duration{name:/x}", "p(90)<=100", ThresholdState::ok, 100},
      {"http_req_duration", "max<1s", ThresholdState::failed, 5000},
      {"http_reqs", "count==110", ThresholdState::ok, 110},
      {"http_reqs{name:/x}", "rate>=10/s", ThresholdState::ok, 10},
      {"http_req_duration{name:/x}", "p(95)<250 over 2s", ThresholdState::failed, 900},
      {"http_req_duration{name:/x}", "min<250 over 2s", ThresholdState::ok, 100},
  };
  for (const Row& row : rows) {
    CAPTURE(row.condition);
    Play play{.seconds = 10, .measure = measure, .warm_up = 0s};
    const ThresholdOutcome outcome = play.run(row.selector, row.condition);
    CHECK(outcome.state == row.state);
    REQUIRE(outcome.measured);
    CHECK(*outcome.measured == row.measured);
    CHECK(outcome.met() == (row.state == ThresholdState::ok));
  }
}

TEST_CASE("a window is every stretch of whole seconds, and the first that fails is shown") {
  const auto measure = [](Recorder& recorder, std::int64_t second) {
    // 10 requests a second but for seconds 4, 5 and 6.
    for (int i = 0; i < 10 && (second < 4 || second > 6); ++i) request(recorder, 10);
  };
  Play play{.seconds = 10, .measure = measure, .warm_up = 0s};
  const ThresholdOutcome failed = play.run("http_reqs", "count>=10 over 3s");
  CHECK(failed.state == ThresholdState::failed);
  CHECK(failed.windows_judged == 8);
  CHECK(failed.windows_failed == 1);
  CHECK(failed.window_start == 4);
  CHECK(*failed.measured == 0);

  Play again{.seconds = 10, .measure = measure, .warm_up = 0s};
  const ThresholdOutcome held = again.run("http_reqs", "count>=10 over 4s");
  CHECK(held.state == ThresholdState::ok);
  CHECK(*held.measured == 10);
  CHECK(held.window_start == 3);
}

TEST_CASE("warm-up is left out when the condition says so") {
  const auto measure = [](Recorder& recorder, std::int64_t second) {
    request(recorder, second < 3 ? 1000 : 10);
  };
  struct Row {
    const char* condition;
    ThresholdState state;
  };
  const Row rows[] = {{"max<100 after warm-up", ThresholdState::ok},
                      {"max<100", ThresholdState::failed},
                      {"max<100 over 2s after warm-up", ThresholdState::ok},
                      {"max<100 over 2s", ThresholdState::failed}};
  for (const Row& row : rows) {
    CAPTURE(row.condition);
    // 2.5 s of warm-up end within second 2, so that second is left out as a whole.
    Play play{.seconds = 8, .measure = measure, .warm_up = 2500ms};
    CHECK(play.run("http_req_duration", row.condition).state == row.state);
  }
  Play play{.seconds = 8, .measure = measure, .warm_up = 3s};
  CHECK(*play.run("http_reqs", "rate>0 after warm-up").measured == 1);
}

TEST_CASE("seconds of faults are left out, or are the only ones, when the condition says so") {
  const auto measure = [](Recorder& recorder, std::int64_t second) {
    const bool slow = second == 3 || second == 4;
    for (int i = 0; i < (slow ? 1 : 10); ++i) request(recorder, slow ? 900 : 100);
  };
  const auto of_fault = [](std::int64_t second) { return second == 3 || second == 4; };
  struct Row {
    const char* selector;
    const char* condition;
    double measured;
  };
  const Row rows[] = {
      {"http_req_duration", "max<100", 900},
      {"http_req_duration", "max<100 outside faults", 100},
      {"http_req_duration", "min<100 during faults", 900},
      {"http_reqs", "count>0 during faults", 2},
      {"http_reqs", "rate>0 during faults", 1},
      {"http_reqs", "rate>0 outside faults", 10},
      {"http_reqs", "count>0 after warm-up outside faults", 70},
  };
  for (const Row& row : rows) {
    CAPTURE(row.condition);
    Play play{.seconds = 10, .measure = measure, .warm_up = 1s, .is_of_fault = of_fault};
    CHECK(*play.run(row.selector, row.condition).measured ==
          doctest::Approx(row.measured).epsilon(0.01));
  }
  // A run without faults has no second of one: nothing to judge.
  Play play{.seconds = 10, .measure = measure, .warm_up = 0s};
  CHECK(play.run("http_req_duration", "max<100 during faults").state == ThresholdState::no_samples);
}

TEST_CASE(
    "without samples figures are 0 for thresholds of k6 and expectations of a plan are not met") {
  const auto nothing = [](Recorder&, std::int64_t) {};
  struct Row {
    const char* selector;
    const char* condition;
    NoSamples rule;
    ThresholdState state;
    bool met;
  };
  const Row rows[] = {
      {"http_req_duration", "p(95)<1", NoSamples::pass, ThresholdState::ok, true},
      {"http_req_duration", "avg>1", NoSamples::pass, ThresholdState::failed, false},
      {"http_req_failed", "rate>1%", NoSamples::pass, ThresholdState::no_samples, true},
      {"vus", "value>1", NoSamples::pass, ThresholdState::failed, false},
      {"http_req_duration", "p(95)<1", NoSamples::fail, ThresholdState::no_samples, false},
      {"http_req_failed", "rate<1%", NoSamples::fail, ThresholdState::no_samples, false},
      {"http_req_duration", "p(95)<1 over 2s", NoSamples::fail, ThresholdState::no_samples, false},
      {"dropped_iterations", "count==0", NoSamples::fail, ThresholdState::ok, true},
      {"http_reqs", "count>0", NoSamples::fail, ThresholdState::failed, false},
      {"http_reqs", "count>0", NoSamples::pass, ThresholdState::failed, false},
      {"http_reqs", "count==0", NoSamples::pass, ThresholdState::ok, true},
      {"http_reqs", "count>0 over 20s", NoSamples::fail, ThresholdState::no_samples, false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.condition);
    Play play{.seconds = 5, .measure = nothing, .warm_up = 0s};
    play.no_samples = row.rule;
    const ThresholdOutcome outcome = play.run(row.selector, row.condition);
    CHECK(outcome.state == row.state);
    CHECK(outcome.met() == row.met);
  }
}

TEST_CASE("a last second that is not whole is in no window") {
  MetricRegistry registry;
  ThresholdJudge judge({make_threshold(registry, "http_reqs", "count>=1 over 1s").value()}, {});
  Recorder recorder(registry);
  Totals totals;
  request(recorder, 1);
  REQUIRE(totals.merge(0, recorder.freeze(0)));
  judge.observe(0, totals.close_second(0));
  judge.observe(1, {});
  CHECK(judge.results(1400ms)[0].state == ThresholdState::ok);
  CHECK(judge.results(2s)[0].state == ThresholdState::failed);
}

TEST_CASE("rows of several seconds that come at once go each into its own second") {
  MetricRegistry registry;
  ThresholdJudge judge({make_threshold(registry, "http_reqs", "count<=1 over 1s").value()}, {});
  Recorder recorder(registry);
  Totals totals;
  for (std::int64_t second = 0; second < 4; ++second) {
    request(recorder, 1);
    REQUIRE(totals.merge(0, recorder.freeze(second)));
  }
  judge.observe(3, totals.close_second(3));
  const ThresholdOutcome outcome = judge.results(4s)[0];
  CHECK(outcome.state == ThresholdState::ok);
  CHECK(outcome.windows_judged == 4);
}

TEST_CASE("vus of several scenarios count together") {
  const auto measure = [](Recorder& recorder, std::int64_t second) {
    for (const char* scenario : {"a", "b"})
      recorder.series(MetricId::vus, recorder.tags().with(TagSetId::none, {{"scenario", scenario}}))
          .add(second == 1 ? 20.0 : 10.0);
  };
  struct Row {
    const char* selector;
    const char* condition;
    double measured;
  };
  for (const Row& row : {Row{"vus", "max<=40", 40}, Row{"vus", "value==20", 20},
                         Row{"vus", "min>=20", 20}, Row{"vus{scenario:a}", "max<=20", 20}}) {
    CAPTURE(row.condition);
    Play play{.seconds = 3, .measure = measure};
    const ThresholdOutcome outcome = play.run(row.selector, row.condition);
    CHECK(outcome.state == ThresholdState::ok);
    CHECK(*outcome.measured == row.measured);
  }
}

TEST_CASE("the windows of a counter end with the planned load") {
  const auto measure = [](Recorder& recorder, std::int64_t second) {
    if (second < 4) request(recorder, 10);
  };
  for (const Duration load_end : {Duration(4s), Duration::max()}) {
    Play play{.seconds = 8, .measure = measure, .load_end = load_end};
    CHECK(play.run("http_reqs", "rate>=1/s over 2s").met() == (load_end == 4s));
  }
}

TEST_CASE("abort waits for its delay, and only for thresholds that ask for it") {
  MetricRegistry registry;
  Threshold watched = make_threshold(registry, "http_req_duration", "max<100").value();
  ThresholdJudge quiet({watched}, {});
  watched.on_fail = OnFail::abort;
  watched.delay_abort = 5s;
  ThresholdJudge judge({watched}, {});
  CHECK(judge.abort_wanted(10s) == nullptr);  // No samples is no reason.
  Recorder recorder(registry);
  Totals totals;
  request(recorder, 500);
  REQUIRE(totals.merge(0, recorder.freeze(0)));
  const auto rows = totals.close_second(0);
  judge.observe(0, rows);
  quiet.observe(0, rows);
  CHECK(judge.abort_wanted(4s) == nullptr);
  CHECK(judge.abort_wanted(5s) == &judge.thresholds()[0]);
  CHECK(quiet.abort_wanted(9s) == nullptr);
}

}  // namespace brunt
