#include "judge/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "base/units.h"

namespace brunt {
namespace {

// What people call the series: a request by its name, everything else by its metric.
std::string subject_of(const Selector& selector) {
  const std::string_view name = tag_value(selector.tags, "name");
  const bool request = selector.metric.ends_with("_req_duration");
  if (request && selector.tags.size() == 1 && !name.empty()) return std::string(name);
  return selector.text();
}

// "p(99) of /cart", "count of http_reqs"; a rate or a gauge is its figure.
std::string figure_of(const Threshold& threshold) {
  const std::string subject = subject_of(threshold.selector);
  const Statistic statistic = threshold.condition.statistic;
  const bool itself = statistic == Statistic::value ||
                      (statistic == Statistic::rate && threshold.metric.kind == MetricKind::rate);
  if (itself) return subject;
  return fmt::format("{} of {}", format_statistic(threshold.condition), subject);
}

std::string wanted_of(const Threshold& threshold) {
  const Condition& condition = threshold.condition;
  std::string text = fmt::format("{} {}", symbol_of(condition.comparison),
                                 format_figure(condition, threshold.metric, condition.limit));
  if (condition.window > Duration{})
    text += fmt::format(" over {}", format_duration(condition.window));
  if (condition.scope == ThresholdScope::after_warm_up) text += " after warm-up";
  if (condition.faults == FaultScope::outside_faults) text += " outside faults";
  if (condition.faults == FaultScope::during_faults) text += " during faults";
  return text;
}

std::string window_of(const ThresholdOutcome& outcome) {
  if (!outcome.window_start) return {};
  const auto length = outcome.threshold->condition.window / std::chrono::seconds(1);
  return fmt::format(" (seconds {} to {})", *outcome.window_start, *outcome.window_start + length);
}

// Whether an expectation that failed would hold without what the busy generator may have added: a
// reply waits for at most a long turn of the loop, and a rate is no higher than brunt could send.
bool may_be_ours(const ThresholdOutcome& outcome, const GeneratorHealth& generator) {
  if (!generator.saturated || outcome.state != ThresholdState::failed || !outcome.measured)
    return false;
  const Threshold& threshold = *outcome.threshold;
  const ThresholdOperator wanted = threshold.condition.comparison;
  if (threshold.metric.kind == MetricKind::counter)
    return wanted == ThresholdOperator::greater || wanted == ThresholdOperator::greater_or_equal;
  if (threshold.metric.kind != MetricKind::trend || threshold.metric.contains != Contains::time)
    return false;
  return holds(threshold.condition, *outcome.measured - time_value(generator.lag_max));
}

std::string saturation_of(const GeneratorHealth& generator) {
  return fmt::format("its thread used {:.0f}% of a core on average", generator.cpu_mean * 100);
}

constexpr std::string_view not_valid_sentence = "not valid: the generator was the bottleneck";
constexpr std::string_view more_power =
    "use more --threads, a lower rate or fewer VUs, or give the generator a machine of its own";

// Failed first, then those without samples: the one sentence names the worst news.
const ExpectationVerdict* first_unmet(const std::vector<ExpectationVerdict>& all) {
  const ExpectationVerdict* found = nullptr;
  for (const ExpectationVerdict& one : all) {
    if (one.met) continue;
    if (one.state == ThresholdState::failed) return &one;
    if (found == nullptr) found = &one;
  }
  return found;
}

void judge_expectations(Verdict& verdict) {
  const auto total = verdict.expectations.size();
  const auto met = std::ranges::count_if(verdict.expectations, &ExpectationVerdict::met);
  const ExpectationVerdict* unmet = first_unmet(verdict.expectations);
  if (unmet != nullptr) {
    verdict.kind = VerdictKind::failed;
    verdict.code = ExitCode::thresholds_failed;
    const auto more = total - static_cast<std::size_t>(met) - 1;
    verdict.sentence = fmt::format("failed: {}", unmet->words);
    if (more > 0) verdict.sentence += fmt::format(", and {} more", more);
    return;
  }
  verdict.sentence = total == 0   ? "finished: nothing was expected, so nothing was judged"
                     : total == 1 ? "passed: the expectation holds"
                                  : fmt::format("passed: {} of {} expectations hold", met, total);
}

void judge_generator(Verdict& verdict, std::span<const ThresholdOutcome> outcomes) {
  const GeneratorHealth& generator = verdict.generator;
  std::string why = generator.complaint;
  const auto ours = std::ranges::find_if(
      outcomes, [&](const ThresholdOutcome& outcome) { return may_be_ours(outcome, generator); });
  if (why.empty() && ours != outcomes.end())
    why =
        fmt::format("{}, which may be why {}", saturation_of(generator), put_in_words(*ours).words);
  if (!why.empty()) {
    verdict.notes.push_back("Without that: " + verdict.sentence);
    verdict.notes.push_back(std::string(more_power));
    verdict.kind = VerdictKind::not_valid;
    verdict.code = ExitCode::not_valid;
    verdict.sentence = fmt::format("{} ({})", not_valid_sentence, why);
  } else if (generator.saturated) {
    verdict.notes.push_back(fmt::format(
        "The generator worked as fast as it could ({}): the target may be able to do more, and "
        "latencies hold up to {} of waiting in the generator",
        saturation_of(generator), format_duration(generator.lag_max)));
  }
}

}  // namespace

std::string_view name_of(VerdictKind kind) {
  constexpr std::array<std::string_view, 4> names = {"passed", "failed", "not valid",
                                                     "ended early"};
  return names[static_cast<std::size_t>(kind)];
}

ExpectationVerdict put_in_words(const ThresholdOutcome& outcome) {
  ASSERT(outcome.threshold != nullptr);
  const Threshold& threshold = *outcome.threshold;
  ExpectationVerdict verdict{.selector = threshold.selector.text(),
                             .condition = threshold.condition.text,
                             .state = outcome.state,
                             .met = outcome.met(),
                             .measured = outcome.measured,
                             .measured_text = "no samples",
                             .words = {}};
  if (!outcome.measured) {
    verdict.words =
        fmt::format("{} has no samples, wanted {}", figure_of(threshold), wanted_of(threshold));
    return verdict;
  }
  const std::string figure =
      format_figure(threshold.condition, threshold.metric, *outcome.measured);
  verdict.measured_text = fmt::format("{}={}", format_statistic(threshold.condition), figure);
  verdict.words = fmt::format("{} was {}, wanted {}{}", figure_of(threshold), figure,
                              wanted_of(threshold), window_of(outcome));
  return verdict;
}

Verdict judge_run(std::span<const ThresholdOutcome> outcomes, const GeneratorHealth& generator,
                  const RunEnding& ending) {
  Verdict verdict;
  verdict.generator = generator;
  for (const ThresholdOutcome& outcome : outcomes)
    verdict.expectations.push_back(put_in_words(outcome));
  judge_expectations(verdict);
  judge_generator(verdict, outcomes);
  if (ending.code == ExitCode::ok) return verdict;
  if (ending.code == ExitCode::thresholds_failed) {
    // abortOnFail: the sentence of the failure stands, unless the generator is to blame.
    if (!ending.reason.empty()) verdict.notes.push_back(ending.reason);
    if (verdict.kind == VerdictKind::passed) {
      verdict.kind = VerdictKind::failed;
      verdict.code = ending.code;
      verdict.sentence = "failed: " + ending.reason;
    }
    return verdict;
  }
  verdict.notes.push_back("Until then: " + verdict.sentence);
  verdict.kind = VerdictKind::ended_early;
  verdict.code = ending.code;
  verdict.sentence =
      ending.reason.empty() ? std::string(meaning_of(code_of(ending.code))) : ending.reason;
  return verdict;
}

}  // namespace brunt
