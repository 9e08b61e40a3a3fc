// The run's verdict: which expectations hold, whether the figures can be trusted, in plain words,
// and the exit code that says so.
//
//   const Verdict verdict = judge_run(thresholds.final_results(elapsed), gate.health(), {});
//   // "passed: 4 of 4 expectations hold"
//   // "failed: p(99) of /measurement was 412ms, wanted < 250ms"
//   // "not valid: the generator was the bottleneck (...)"
//
// A run whose generator was the bottleneck is not valid, whatever its expectations say: nothing is
// blamed on the target that may be ours. What ended a run early (a signal, an abort) outranks both.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "judge/exit_code.h"
#include "judge/honesty_gate.h"
#include "metrics/threshold_judge.h"

namespace brunt {

struct ExpectationVerdict {
  std::string selector;   // http_req_duration{name:/cart}
  std::string condition;  // p(95)<250, as written.
  ThresholdState state = ThresholdState::no_samples;
  bool met = false;
  std::optional<double> measured;  // In the metric's unit.
  std::string measured_text;       // "p(95)=148.21ms" or "no samples".
  std::string words;  // "p(95) of /cart was 412ms, wanted < 250ms over 10s (seconds 12 to 22)"
};

enum class VerdictKind : std::uint8_t { passed, failed, not_valid, ended_early };
std::string_view name_of(VerdictKind kind);  // "passed", "failed", "not valid", "ended early"

// How the run ended when not as planned: external_abort by Ctrl-C, script_aborted, ...; a threshold
// with abortOnFail is thresholds_failed.
struct RunEnding {
  ExitCode code = ExitCode::ok;
  std::string reason;  // "interrupted after 12s"; for code ok unused.
};

struct Verdict {
  VerdictKind kind = VerdictKind::passed;
  ExitCode code = ExitCode::ok;
  std::string sentence;
  std::vector<ExpectationVerdict> expectations;  // In their order.
  GeneratorHealth generator;
  std::vector<std::string> notes;  // What a reader must know beside the sentence.
};

Verdict judge_run(std::span<const ThresholdOutcome> outcomes, const GeneratorHealth& generator,
                  const RunEnding& ending);

ExpectationVerdict put_in_words(const ThresholdOutcome& outcome);

}  // namespace brunt
