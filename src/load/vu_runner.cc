#include "load/vu_runner.h"

#include <optional>

namespace brunt {

VuRunner::VuRunner(const ScenarioOptions& options, const ExecutorContext& context)
    : loop_(context.loop),
      body_(context.body),
      observer_(context.observer),
      scenario_(context.scenario),
      open_(is_open(options.executor)),
      needs_all_(options.preparation == VuPreparation::before_the_scenario),
      iteration_min_(options.min_iteration_duration),
      // Virtual time does not pass while a fiber computes: without this an iteration that never
      // waits would be repeated for ever at one instant.
      shortest_rest_(context.loop.backend() == BackendKind::simulated ? Duration(1000)
                                                                      : Duration::zero()) {}

bool VuRunner::start(Fiber& self, Vu& vu) {
  const Result<> started = body_.start_vu(self, vu);
  if (started) {
    ++vus_started_;
    return true;
  }
  vu.state.reset();
  if (!self.cancelled()) vu_failed(started.error());
  return false;
}

void VuRunner::end(Fiber& self, Vu& vu) {
  body_.end_vu(self, vu);
  vu.state.reset();
}

void VuRunner::spawn_failed(const Error& error) {
  vu_failed(error);
}

void VuRunner::vu_failed(const Error& error) {
  ++counts.vus_failed;
  if (!first_error_) first_error_ = error;
  warn_once(warned_of_failure_, "a VU could not start and is left out: " + error.text);
}

void VuRunner::begin() {
  ++counts.started;
  ++counts.running;
  if (!open_) ++counts.planned;
}

Instant VuRunner::run(Fiber& self, Vu& vu, Iteration& iteration) {
  iteration.index_in_vu = vu.iterations++;
  iteration.started = loop_.precise_now();
  if (open_)
    observer_.arrival_started(scenario_, iteration);
  else
    iteration.planned = iteration.started;
  const IterationEnd end = body_.run(self, vu, iteration);
  const Instant ended = loop_.precise_now();
  --counts.running;
  ++(end == IterationEnd::complete ? counts.completed : counts.interrupted);
  observer_.iteration_ended(scenario_, iteration, ended, end);
  return ended;
}

void VuRunner::give_up(Iteration& iteration) {
  iteration.started = loop_.precise_now();
  --counts.running;
  ++counts.interrupted;
  observer_.iteration_ended(scenario_, iteration, iteration.started, IterationEnd::interrupted);
}

std::optional<Instant> VuRunner::rest_until(const Iteration& iteration, Instant ended,
                                            Instant turn) const {
  if (ended - iteration.started < iteration_min_) return iteration.started + iteration_min_;
  if (loop_.now() == turn) return turn + shortest_rest_;
  return std::nullopt;
}

void VuRunner::drop(std::uint64_t count, Instant at) {
  if (count == 0) return;
  counts.dropped += count;
  if (!open_) counts.planned += count;
  observer_.iterations_dropped(scenario_, count, at);
}

void VuRunner::warn_once(bool& warned, std::string_view text) {
  if (warned) return;
  warned = true;
  observer_.warned(scenario_, text);
}

Result<> VuRunner::outcome() const {
  if (vus_started_ == 0 && first_error_) return std::unexpected(*first_error_);
  return {};
}

Result<> VuRunner::preparation() const {
  if (needs_all_ && first_error_) return std::unexpected(*first_error_);
  return outcome();
}

bool park_until(Fiber& self, Instant deadline, const char* why) {
  const Result<> woken = self.park(deadline, why);
  return woken || woken.error().code != ErrorCode::cancelled;
}

}  // namespace brunt
