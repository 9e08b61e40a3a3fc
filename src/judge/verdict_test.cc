#include "judge/verdict.h"

#include <doctest/doctest.h>

#include <deque>

namespace brunt {
namespace {

using namespace std::chrono_literals;

// Outcomes made by hand; they point to thresholds that live here.
struct Outcomes {
  void add(std::string_view selector, std::string_view condition, ThresholdState state,
           std::optional<double> measured = {}) {
    thresholds.push_back(make_threshold(registry, selector, condition).value());
    ThresholdOutcome& outcome = all.emplace_back();
    outcome.threshold = &thresholds.back();
    outcome.state = state;
    outcome.measured = measured;
  }

  MetricRegistry registry;
  std::deque<Threshold> thresholds;
  std::vector<ThresholdOutcome> all;
};

using enum ThresholdState;

}  // namespace

TEST_CASE("a verdict is a sentence that an engineer can repeat") {
  struct Expected {
    const char* selector;
    const char* condition;
    ThresholdState state;
    std::optional<double> measured;
  };
  struct Row {
    std::vector<Expected> expectations;
    const char* sentence;
    VerdictKind kind;
    int code;
  };
  const Expected fine = {"http_req_failed", "rate<1%", ok, 0.0};
  const Expected slow = {"http_req_duration{name:/measurement}", "p(99)<250ms", failed, 412.0};
  const Expected none = {"http_req_duration{name:/login}", "p(95)<1s", no_samples, {}};
  const Row rows[] = {
      {{}, "finished: nothing was expected, so nothing was judged", VerdictKind::passed, 0},
      {{fine}, "passed: the expectation holds", VerdictKind::passed, 0},
      {{fine, fine, fine, fine}, "passed: 4 of 4 expectations hold", VerdictKind::passed, 0},
      {{fine, slow},
       "failed: p(99) of /measurement was 412ms, wanted < 250ms",
       VerdictKind::failed,
       99},
      {{none, slow, fine},
       "failed: p(99) of /measurement was 412ms, wanted < 250ms, and 1 more",
       VerdictKind::failed,
       99},
      {{fine, none},
       "failed: p(95) of /login has no samples, wanted < 1.00s",
       VerdictKind::failed,
       99},
      {{{"http_req_failed{status:500}", "rate<1%", failed, 0.023}},
       "failed: http_req_failed{status:500} was 2.30%, wanted < 1.00%",
       VerdictKind::failed,
       99},
      {{{"http_reqs", "rate>=100/s", failed, 98.5}},
       "failed: rate of http_reqs was 98.5/s, wanted >= 100/s",
       VerdictKind::failed,
       99},
      {{{"response_time", "max<1s after warm-up", failed, 1500.0}},
       "failed: max of response_time was 1.50s, wanted < 1.00s after warm-up",
       VerdictKind::failed,
       99},
  };
  for (const Row& row : rows) {
    Outcomes outcomes;
    for (const Expected& one : row.expectations)
      outcomes.add(one.selector, one.condition, one.state, one.measured);
    const Verdict verdict = judge_run(outcomes.all, {}, {});
    CHECK(verdict.sentence == row.sentence);
    CHECK(verdict.kind == row.kind);
    CHECK(code_of(verdict.code) == row.code);
    CHECK(verdict.expectations.size() == row.expectations.size());
  }
}

TEST_CASE("a failed window says when it was") {
  Outcomes outcomes;
  outcomes.add("http_req_duration", "p(95)<250 over 10s", failed, 300);
  outcomes.all[0].window_start = 12;
  const Verdict verdict = judge_run(outcomes.all, {}, {});
  CHECK(verdict.sentence ==
        "failed: p(95) of http_req_duration was 300ms, wanted < 250ms over 10.0s (seconds 12 to "
        "22)");
  CHECK(verdict.expectations[0].measured_text == "p(95)=300ms");
}

TEST_CASE("a generator that was the bottleneck outranks what the expectations say") {
  for (const ThresholdState state : {ok, failed}) {
    Outcomes outcomes;
    outcomes.add("http_req_duration", "p(95)<250", state, 200);
    GeneratorHealth generator;
    generator.complaint = "10% of the iterations started late";
    const Verdict verdict = judge_run(outcomes.all, generator, {});
    CHECK(verdict.kind == VerdictKind::not_valid);
    CHECK(code_of(verdict.code) == 120);
    CHECK(verdict.sentence ==
          "not valid: the generator was the bottleneck (10% of the iterations started late)");
    CHECK(verdict.expectations[0].met == (state == ok));
  }
}

TEST_CASE("a saturated generator is blamed only for what it may have caused") {
  struct Row {
    const char* selector;
    const char* condition;
    ThresholdState state;
    double measured;
    int code;
  };
  const Row rows[] = {
      {"http_req_duration", "p(99)<10ms", ok, 8, 0},         // Passed in spite of it.
      {"http_req_duration", "p(99)<10ms", failed, 11, 120},  // Within the 3 ms of a turn.
      {"http_req_duration", "p(99)<10ms", failed, 412, 99},  // No turn was that long.
      {"http_reqs", "rate>=100000/s", failed, 90'000, 120},  // brunt could not send more.
      {"http_reqs", "rate<=100/s", failed, 900, 99},
      {"http_req_failed", "rate<1%", failed, 0.5, 99},
  };
  for (const Row& row : rows) {
    CAPTURE(row.selector);
    CAPTURE(row.measured);
    Outcomes outcomes;
    outcomes.add(row.selector, row.condition, row.state, row.measured);
    GeneratorHealth generator;
    generator.saturated = true;
    generator.cpu_mean = 0.99;
    generator.lag_max = 3ms;
    const Verdict verdict = judge_run(outcomes.all, generator, {});
    CHECK(code_of(verdict.code) == row.code);
    CHECK_FALSE(verdict.notes.empty());
  }
}

TEST_CASE("how a run ended early outranks the rest, but for abortOnFail") {
  Outcomes outcomes;
  outcomes.add("http_req_duration", "p(95)<250", failed, 300);
  const Verdict signal =
      judge_run(outcomes.all, {}, {ExitCode::external_abort, "interrupted after 12s"});
  CHECK(signal.kind == VerdictKind::ended_early);
  CHECK(code_of(signal.code) == 105);
  CHECK(signal.sentence == "interrupted after 12s");
  CHECK(signal.notes.back().find("p(95) of http_req_duration was 300ms") != std::string::npos);

  const RunEnding abort{ExitCode::thresholds_failed, "stopped after 3s by abortOnFail"};
  const Verdict aborted = judge_run(outcomes.all, {}, abort);
  CHECK(aborted.kind == VerdictKind::failed);
  CHECK(aborted.sentence == "failed: p(95) of http_req_duration was 300ms, wanted < 250ms");
  CHECK(aborted.notes.back() == "stopped after 3s by abortOnFail");
  // It held again by the end: the run was stopped all the same.
  CHECK(judge_run({}, {}, abort).code == ExitCode::thresholds_failed);
}

TEST_CASE("no samples pass where the rule of k6 is asked for") {
  Outcomes outcomes;
  outcomes.add("http_req_duration", "p(95)<250", no_samples);
  outcomes.thresholds.back().no_samples = NoSamples::pass;
  const Verdict verdict = judge_run(outcomes.all, {}, {});
  CHECK(verdict.kind == VerdictKind::passed);
  CHECK(verdict.expectations[0].measured_text == "no samples");
}

TEST_CASE("exit codes are the numbers of k6, each once, with a meaning") {
  CHECK(code_of(ExitCode::thresholds_failed) == 99);
  CHECK(code_of(ExitCode::invalid_config) == 104);
  CHECK(code_of(ExitCode::external_abort) == 105);
  CHECK(code_of(ExitCode::script_exception) == 107);
  CHECK(code_of(ExitCode::script_aborted) == 108);
  for (std::size_t i = 1; i < exit_codes.size(); ++i)
    CHECK(code_of(exit_codes[i - 1].code) < code_of(exit_codes[i].code));
  CHECK(meaning_of(120) == "not valid: the generator was the bottleneck");
  CHECK(meaning_of(1) == "");
}

}  // namespace brunt
