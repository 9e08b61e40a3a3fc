// From thresholds and the way a run ended to status, exit code, sentence and the record's table.
#include "run/run_verdict.h"

#include <doctest/doctest.h>

#include <deque>

#include "run/links.h"
#include "run/run_options.h"

using namespace brunt;
using namespace std::chrono_literals;

namespace {

const MetricRegistry& registry() {
  static const MetricRegistry all;
  return all;
}

}  // namespace

TEST_CASE("a run of which no iteration came to its end says so") {
  RunRecord record;
  record.scenarios.push_back({.name = "short", .iterations_interrupted = 3});
  add_verdict(record, {.thresholds = {}, .generator = {}});
  REQUIRE(record.notes.size() == 1);
  CHECK(record.notes[0] == "no iteration fully finished: consider a longer duration");
  record = {};
  record.scenarios.push_back({.name = "idle"});
  add_verdict(record, {.thresholds = {}, .generator = {}});
  CHECK(record.notes.empty());
}

TEST_CASE("how a run ended, and what its expectations say, give status and exit code") {
  using Ending = VerdictInput::Ending;
  enum class Aborted { no, yes };
  struct Row {
    std::vector<ThresholdState> states;
    Ending ending;
    Aborted aborted;
    const char* complaint;
    RunStatus status;
    int code;
    const char* sentence;  // How it begins.
  };
  using enum ThresholdState;
  const Row rows[] = {
      {{}, Ending::planned, Aborted::no, "", RunStatus::finished, 0, "finished"},
      {{ok, ok}, Ending::planned, Aborted::no, "", RunStatus::finished, 0, "passed: 2 of 2"},
      {{ok, failed}, Ending::planned, Aborted::no, "", RunStatus::finished, 99, "failed: p(95)"},
      {{no_samples}, Ending::planned, Aborted::no, "", RunStatus::finished, 99, "failed: "},
      {{ok}, Ending::planned, Aborted::no, "it was slow", RunStatus::finished, 120, "not valid"},
      {{failed},
       Ending::planned,
       Aborted::no,
       "it was slow",
       RunStatus::finished,
       120,
       "not valid"},
      {{ok},
       Ending::signal,
       Aborted::no,
       "",
       RunStatus::interrupted,
       105,
       "interrupted after 12.0s"},
      {{failed}, Ending::planned, Aborted::yes, "", RunStatus::aborted, 99, "failed: p(95)"},
      {{failed}, Ending::signal, Aborted::yes, "", RunStatus::aborted, 99, "failed: p(95)"},
  };
  for (const Row& row : rows) {
    std::deque<Threshold> thresholds;
    VerdictInput input{.generator = {.complaint = row.complaint}, .ending = row.ending};
    for (const ThresholdState state : row.states) {
      thresholds.push_back(make_threshold(registry(), "http_req_duration", "p(95)<250").value());
      input.thresholds.push_back({.threshold = &thresholds.back(), .state = state});
      if (state != no_samples) input.thresholds.back().measured = state == ok ? 148.2 : 412.0;
    }
    if (row.aborted == Aborted::yes) input.aborted_by = &thresholds.front();
    RunRecord record;
    record.run.started = {1'000'000'000'000};
    record.run.ended = WallTime{1'012'000'000'000};
    add_verdict(record, input);
    CAPTURE(record.run.verdict);
    CHECK(record.run.status == row.status);
    CHECK(record.run.exit_code == row.code);
    CHECK(record.run.verdict.starts_with(row.sentence));
    REQUIRE(record.thresholds.size() == row.states.size());
    for (std::size_t i = 0; i < row.states.size(); ++i) {
      CHECK(record.thresholds[i].passed == (row.states[i] == ok));
      CHECK(record.thresholds[i].selector == "http_req_duration");
      CHECK(record.thresholds[i].expression == "p(95)<250");
      CHECK(record.thresholds[i].aborted_run == (row.aborted == Aborted::yes));
    }
  }
}

TEST_CASE("a plan gets as many processes as its connections need descriptors") {
  struct Row {
    std::uint64_t connections, descriptors;
    std::uint32_t processes;
  };
  const Row rows[] = {
      {0, 20'000, 1},      {1, 20'000, 1},       {15'000, 20'000, 1}, {15'001, 20'000, 2},
      {30'000, 20'000, 2}, {30'001, 20'000, 3},  {200, 64, 5},        {5, 0, 5},
      {5, 3, 5},           {1'000, 1u << 20, 1}, {0, 0, 1},
  };
  for (const Row& row : rows) {
    CAPTURE(row.connections);
    CAPTURE(row.descriptors);
    CHECK(processes_needed(row.connections, row.descriptors) == row.processes);
  }
}

TEST_CASE("links get as many processes as two descriptors for each connection need, with room") {
  CHECK(link_processes_needed(0, 20'000) == 1);
  CHECK(link_processes_needed(8'000, 20'000) == 1);
  CHECK(link_processes_needed(8'001, 20'000) == 2);
  CHECK(link_processes_needed(10'000, 20'000) == 2);
  CHECK(link_processes_needed(100'000, 1u << 20u) == 1);
  CHECK(link_processes_needed(3, 4) == 3);
}

TEST_CASE("a run whose load broke off is told so, whatever its expectations say") {
  RunRecord record;
  const Threshold threshold = make_threshold(registry(), "http_req_duration", "p(95)<250").value();
  add_verdict(
      record,
      {.thresholds = {{.threshold = &threshold, .state = ThresholdState::ok, .measured = 1.0}},
       .failure = "generator process 1 killed by SIGKILL"});
  CHECK(record.run.status == RunStatus::aborted);
  CHECK(record.run.exit_code == 255);
  CHECK(record.run.verdict == "generator process 1 killed by SIGKILL");
  // Who interrupts a run knows why it ended.
  RunRecord interrupted;
  add_verdict(interrupted, {.ending = VerdictInput::Ending::signal, .failure = "cancelled"});
  CHECK(interrupted.run.exit_code == 105);
}
