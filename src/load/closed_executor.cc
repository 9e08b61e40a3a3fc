#include "load/closed_executor.h"

#include <algorithm>

#include "base/assert.h"

namespace brunt {
namespace {

// VUs that are prepared at the same time: enough to hide their round trips, too few to be a
// stampede of logins before the test has begun.
constexpr std::uint64_t starting_max = 64;

}  // namespace

struct ClosedExecutor::Member {
  Vu vu;
  std::uint64_t slot = 0;
  Fiber* fiber = nullptr;        // While live() runs.
  std::uint64_t activation = 0;  // How often it was activated.
  std::uint64_t started = 0;     // Iterations, over all its lives.
  bool exists = false;           // A fiber is there, or will be at the next turn.
  bool active = false;           // The schedule wants it.
  bool busy = false;             // In start_vu() or in an iteration.
  bool returns = true;           // The schedule wants it again later.
  bool cancelled = false;
};

ClosedExecutor::ClosedExecutor(const ScenarioOptions& options, const ExecutorContext& context)
    : options_(options),
      context_(context),
      schedule_(VuSchedule::of(options)),
      runner_(options, context),
      group_(context.loop),
      vus_max_(context.segment.share(options.executor == ExecutorKind::externally_controlled
                                         ? options.vus_max()
                                         : schedule_.peak())) {
  own_iterations_ = context_.segment.share(options_.vus) * options_.iterations;
  if (!options_.iterations_by_vu.empty()) {
    own_iterations_ = 0;
    for (std::uint64_t slot = 0; slot < context_.segment.share(options_.vus); ++slot)
      own_iterations_ += options_.iterations_by_vu[context_.segment.nth(slot)];
  }
  if (options_.executor != ExecutorKind::shared_iterations) return;
  if (context_.budget == nullptr) {
    own_budget_ = std::make_unique<IterationBudget>(
        options_.iterations, context_.segment.in_proportion_to(options_.vus));
    context_.budget = own_budget_.get();
    context_.budget_claimers = 1;
  }
  claimer_.emplace(*context_.budget, context_.budget_claimers);
}

ClosedExecutor::Member& ClosedExecutor::member(std::uint64_t slot) {
  while (members_.size() <= slot) {
    auto added = std::make_unique<Member>();
    added->slot = members_.size();
    context_.ids.number(added->vu);
    added->vu.id_in_scenario = context_.segment.nth(added->slot) + 1;
    members_.push_back(std::move(added));
  }
  return *members_[slot];
}

ClosedExecutor::~ClosedExecutor() = default;

Result<> ClosedExecutor::prepare(Fiber& self) {
  if (options_.preparation == VuPreparation::when_it_starts) return {};
  manager_ = &self;
  phase_ = ExecutorPhase::preparing;
  for (std::uint64_t slot = 0; slot < vus_max_ && !stopping_ && !self.cancelled();) {
    if (starting_ < starting_max)
      spawn(member(slot++));
    else
      park_until(self, far_future, "vus");
  }
  while (starting_ > 0 && park_until(self, far_future, "vus")) continue;
  manager_ = nullptr;
  phase_ = ExecutorPhase::waiting;
  if (self.cancelled()) {
    stop(StopKind::now);
    group_.join(self);
    return fail(ErrorCode::cancelled, "cancelled while VUs were prepared");
  }
  return runner_.preparation();
}

void ClosedExecutor::spawn(Member& member) {
  member.cancelled = false;
  const Result<> spawned = group_.spawn("vu", [this, &member](Fiber& self) { live(self, member); });
  if (!spawned) {
    runner_.spawn_failed(spawned.error());
    return;
  }
  member.exists = true;
  ++alive_;
  ++starting_;
}

void ClosedExecutor::live(Fiber& self, Member& member) {
  member.fiber = &self;
  member.busy = true;
  if (member.cancelled) self.cancel();
  const bool started = runner_.start(self, member.vu);
  --starting_;
  member.busy = false;
  if (phase_ == ExecutorPhase::preparing) wake_manager();
  if (started) {
    iterate(self, member);
    runner_.end(self, member.vu);
  }
  member.fiber = nullptr;
  member.exists = false;
  --alive_;
  // Ramped up again after its grace had ended: the same VU begins anew.
  if (member.active && member.cancelled && !stopping_ && !stop_now_) spawn(member);
  if (alive_ == 0) wake_manager();
}

bool ClosedExecutor::may_run(const Member& member) const {
  return member.active && !stopping_ && !clock_.paused();
}

bool ClosedExecutor::leaves(const Member& member) const {
  return stopping_ || (!member.active && !member.returns);
}

void ClosedExecutor::iterate(Fiber& self, Member& member) {
  while (!self.cancelled()) {
    if (!may_run(member)) {
      if (leaves(member)) return;
      park_until(self, far_future, "idle VU");
      continue;
    }
    Iteration iteration;
    if (!claim(member, iteration)) return;
    const Instant turn = self.now();
    member.busy = true;
    ++member.started;
    runner_.begin();
    const Instant ended = runner_.run(self, member.vu, iteration);
    member.busy = false;
    if (const auto rest = runner_.rest_until(iteration, ended, turn)) {
      // At least one park, or a body that never waits would keep the loop.
      do {
        if (!park_until(self, *rest, "rest")) return;
      } while (self.now() < *rest && may_run(member));
    }
  }
}

bool ClosedExecutor::claim(const Member& member, Iteration& iteration) {
  if (claimer_) {
    const auto claim = claimer_->next();
    if (!claim) return false;
    iteration.index = claim->index;
    iteration.index_in_instance = claim->index_in_instance;
    return true;
  }
  if (options_.executor == ExecutorKind::per_vu_iterations &&
      member.started == options_.iterations_of(member.vu.id_in_scenario))
    return false;
  iteration.index_in_instance = next_index_;
  iteration.index = context_.segment.nth(next_index_++);
  return true;
}

void ClosedExecutor::set_vus(std::uint64_t vus) {
  const Instant now = context_.loop.now();
  for (std::uint64_t slot = planned_vus_; slot < vus; ++slot) activate(member(slot));
  for (std::uint64_t slot = planned_vus_; slot > vus; --slot) deactivate(member(slot - 1), now);
  planned_vus_ = vus;
}

void ClosedExecutor::activate(Member& member) {
  member.active = true;
  ++member.activation;
  if (!member.exists)
    spawn(member);
  else if (member.fiber != nullptr && !member.busy)
    member.fiber->wake();
}

void ClosedExecutor::deactivate(Member& member, Instant now) {
  member.active = false;
  if (!member.exists) return;
  const Duration elapsed = clock_.elapsed(now);
  member.returns =
      options_.executor == ExecutorKind::externally_controlled ||
      context_.segment.share(schedule_.peak_between(elapsed, schedule_.duration())) > member.slot;
  if (member.fiber != nullptr && !member.busy)
    member.fiber->wake();
  else
    deadlines_.push_back({now + options_.graceful_ramp_down, &member, member.activation});
}

void ClosedExecutor::pass_deadlines(Instant now) {
  for (; !deadlines_.empty() && deadlines_.front().at <= now; deadlines_.pop_front()) {
    const Deadline& due = deadlines_.front();
    Member& member = *due.member;
    if (member.activation != due.activation || !member.exists || member.active) continue;
    member.cancelled = true;
    if (member.fiber != nullptr) member.fiber->cancel();
  }
}

Instant ClosedExecutor::next_event(Instant now) const {
  Instant next = deadlines_.empty() ? far_future : deadlines_.front().at;
  if (clock_.paused()) return next;
  const Duration elapsed = clock_.elapsed(now);
  if (elapsed < Duration::zero()) return std::min(next, clock_.instant_of(Duration::zero()));
  next = std::min(next, clock_.instant_of(schedule_.duration()));
  if (const auto change = schedule_.next_change(elapsed, context_.segment))
    next = std::min(next, clock_.instant_of(change->at));
  return next;
}

// Nobody is left who could start an iteration, and nobody will come.
bool ClosedExecutor::is_exhausted() const {
  return alive_ == 0 && options_.executor != ExecutorKind::ramping_vus &&
         options_.executor != ExecutorKind::externally_controlled &&
         planned_vus_ == context_.segment.share(options_.vus);
}

Result<> ClosedExecutor::run(Fiber& self, Instant start) {
  manager_ = &self;
  clock_.begin(start);
  while (!stopping_ && !self.cancelled()) {
    const Instant now = self.now();
    const Duration elapsed = clock_.elapsed(now);
    pass_deadlines(now);
    if (elapsed >= schedule_.duration()) break;
    if (elapsed >= Duration::zero() && !clock_.paused()) {
      phase_ = ExecutorPhase::running;
      set_vus(schedule_.vus_at(elapsed, context_.segment));
      if (is_exhausted()) break;
    }
    park_until(self, next_event(now), "vus");
  }
  wind_down(self);
  drop_leftovers();
  phase_ = ExecutorPhase::ended;
  manager_ = nullptr;
  if (self.cancelled()) return fail(ErrorCode::cancelled, "the scenario was cancelled");
  return runner_.outcome();
}

void ClosedExecutor::wind_down(Fiber& self) {
  const Instant now = self.now();
  // After the end of the time the grace counts from there, also when this turn was late.
  const Instant end = clock_.instant_of(schedule_.duration());
  const Instant deadline = (clock_.paused() ? now : std::min(now, end)) + options_.graceful_stop;
  phase_ = ExecutorPhase::stopping;
  stopping_ = true;
  wake_all();
  while (alive_ > 0 && !stop_now_ && !self.cancelled() && self.now() < deadline) {
    const Instant ramped_down = deadlines_.empty() ? far_future : deadlines_.front().at;
    park_until(self, std::min(deadline, ramped_down), "stop");
    pass_deadlines(self.now());
  }
  group_.cancel();
  group_.join(self);
  ASSERT(alive_ == 0);
}

void ClosedExecutor::drop_leftovers() {
  const Instant now = context_.loop.now();
  if (claimer_) runner_.drop(claimer_->give_up(), now);
  if (options_.executor != ExecutorKind::per_vu_iterations) return;
  for (std::uint64_t slot = 0; slot < context_.segment.share(options_.vus); ++slot)
    runner_.drop(options_.iterations_of(member(slot).vu.id_in_scenario) - member(slot).started,
                 now);
}

void ClosedExecutor::wake_all() {
  for (const auto& member : members_)
    if (member->fiber != nullptr && !member->busy) member->fiber->wake();
}

void ClosedExecutor::wake_manager() {
  if (manager_ != nullptr) manager_->wake();
}

void ClosedExecutor::stop(StopKind kind) {
  stopping_ = true;
  if (kind == StopKind::now) {
    stop_now_ = true;
    group_.cancel();
  }
  wake_manager();
}

void ClosedExecutor::pause() {
  clock_.pause(context_.loop.now());
  wake_manager();
}

void ClosedExecutor::resume() {
  clock_.resume(context_.loop.now());
  wake_all();
  wake_manager();
}

void ClosedExecutor::scale(const VuScale& scale) {
  vus_max_ = context_.segment.share(scale.vus_max);
  schedule_ = VuSchedule::constant(scale.vus, schedule_.duration());
  wake_manager();
}

ExecutorProgress ClosedExecutor::progress() const {
  ExecutorProgress progress;
  progress.phase = phase_;
  progress.paused = clock_.paused();
  progress.duration = schedule_.duration();
  if (phase_ == ExecutorPhase::running || phase_ == ExecutorPhase::stopping)
    progress.elapsed =
        std::clamp(clock_.elapsed(context_.loop.now()), Duration::zero(), schedule_.duration());
  if (phase_ == ExecutorPhase::ended) progress.elapsed = schedule_.duration();
  if (claimer_) progress.iterations_planned = context_.budget->total();
  if (options_.executor == ExecutorKind::per_vu_iterations)
    progress.iterations_planned = own_iterations_;
  progress.vus_active = phase_ == ExecutorPhase::ended ? 0 : std::min(planned_vus_, alive_);
  progress.vus = alive_;
  progress.vus_max = vus_max_;
  progress.counts = runner_.counts;
  return progress;
}

}  // namespace brunt
