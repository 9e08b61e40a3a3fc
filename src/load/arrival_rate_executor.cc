#include "load/arrival_rate_executor.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/assert.h"

namespace brunt {
namespace {

// As in the closed executor: no stampede of logins before the test has begun.
constexpr std::uint64_t starting_max = 64;

// VUs that start their first iteration in one turn of the loop. A first iteration connects, which
// takes some 30 µs of a core: were every arrival that is due given a new VU, the turn would grow
// longer, more would be due in the next, and all VUs would connect before any is used twice. The
// others wait a turn, in which VUs that have a connection become free.
constexpr std::uint64_t first_iterations_a_turn = 16;

}  // namespace

struct ArrivalRateExecutor::Member {
  Vu vu;
  Fiber* fiber = nullptr;  // While live() runs.
  Member* next_free = nullptr;
  Iteration iteration;  // Given to it by assign(), until it has run it.
  bool assigned = false;
  bool resting = false;
  bool idle = false;  // In the list of free VUs.
};

ArrivalRateExecutor::ArrivalRateExecutor(const ScenarioOptions& options,
                                         const ExecutorContext& context)
    : options_(options),
      context_(context),
      segment_(context.segment.in_proportion_to(options.vus_max())),
      schedule_(options),
      vus_planned_(context.segment.share(options.pre_allocated_vus.value_or(0))),
      vus_max_(context.segment.share(options.vus_max())),
      runner_(options, context),
      group_(context.loop),
      due_(schedule_, segment_) {
  members_.reserve(vus_planned_);
}

ArrivalRateExecutor::~ArrivalRateExecutor() = default;

Result<> ArrivalRateExecutor::prepare(Fiber& self) {
  manager_ = &self;
  phase_ = ExecutorPhase::preparing;
  while (members_.size() < vus_planned_ && !stopping_ && !self.cancelled()) {
    if (starting_ >= starting_max)
      park_until(self, far_future, "vus");
    else if (!spawn())
      break;
  }
  while (starting_ > 0 && park_until(self, far_future, "vus")) continue;
  manager_ = nullptr;
  phase_ = ExecutorPhase::waiting;
  prepared_ = true;
  if (self.cancelled()) {
    stop(StopKind::now);
    group_.join(self);
    return fail(ErrorCode::cancelled, "cancelled while VUs were prepared");
  }
  return runner_.preparation();
}

// False: there is no fiber to be had any more.
bool ArrivalRateExecutor::spawn() {
  auto added = std::make_unique<Member>();
  Member& member = *added;
  const Result<> spawned = group_.spawn("vu", [this, &member](Fiber& self) { live(self, member); });
  if (!spawned) {
    runner_.spawn_failed(spawned.error());
    cannot_grow_ = true;
    return false;
  }
  context_.ids.number(member.vu);
  member.vu.id_in_scenario = context_.segment.nth(members_.size()) + 1;
  members_.push_back(std::move(added));
  ++alive_;
  ++starting_;
  return true;
}

void ArrivalRateExecutor::live(Fiber& self, Member& member) {
  member.fiber = &self;
  const bool started = runner_.start(self, member.vu);
  --starting_;
  if (phase_ == ExecutorPhase::preparing) wake_manager();
  if (started) {
    iterate(self, member);
    runner_.end(self, member.vu);
  }
  member.fiber = nullptr;
  --alive_;
  if (alive_ == 0) wake_manager();
}

void ArrivalRateExecutor::iterate(Fiber& self, Member& member) {
  while (true) {
    if (!member.assigned && !self.cancelled() && !take_queued(member)) {
      if (stopping_) return;
      if (!member.idle) make_free(member);
      park_until(self, far_future, "idle VU");
      continue;
    }
    if (!member.assigned) return;
    member.assigned = false;
    if (self.cancelled()) {
      runner_.give_up(member.iteration);
      return;
    }
    const Instant turn = self.now();
    const Instant ended = runner_.run(self, member.vu, member.iteration);
    if (const auto until = runner_.rest_until(member.iteration, ended, turn))
      rest(self, member, *until);
  }
}

void ArrivalRateExecutor::rest(Fiber& self, Member& member, Instant until) {
  // A VU that has nothing waiting for it gives up the processor anyway.
  if (options_.min_iteration_duration == Duration::zero() && runner_.counts.queued == 0) return;
  member.resting = true;
  // At least one park, or a body that never waits would keep the loop.
  do {
    if (!park_until(self, until, "rest")) break;
  } while (self.now() < until && !stopping_);
  member.resting = false;
}

// False: some that are due are left for the loop's next turn.
bool ArrivalRateExecutor::start_due(Instant now) {
  if (clock_.paused()) return true;
  // Those that wait come first: a pause may have ended, with VUs that became free during it.
  while (runner_.counts.queued > 0 && free_first_ != nullptr) take_queued(*take_free());
  std::uint64_t first_iterations = 0;
  while (due_.current() && clock_.instant_of(due_.current()->due) <= now) {
    if (free_first_ != nullptr && free_first_->vu.iterations == 0 &&
        ++first_iterations > first_iterations_a_turn)
      return false;
    ++runner_.counts.planned;
    meet(*due_.current());
    due_.advance();
  }
  return true;
}

// REQUIRES: due_ is at `arrival`.
void ArrivalRateExecutor::meet(const Arrival& arrival) {
  if (Member* const member = take_free()) {
    assign(*member, arrival);
    return;
  }
  if (options_.when_busy == WhenBusy::queue) {
    if (runner_.counts.queued == 0) queued_ = due_;
    ++runner_.counts.queued;
  } else {
    runner_.drop(1, clock_.instant_of(arrival.due));
  }
  grow();
}

void ArrivalRateExecutor::assign(Member& member, const Arrival& arrival) {
  ASSERT(!member.assigned);
  runner_.begin();
  member.iteration.index = arrival.index;
  member.iteration.index_in_instance = arrival.index_in_segment;
  member.iteration.planned = clock_.instant_of(arrival.due);
  member.iteration.waited_for_vu = Duration::zero();
  member.assigned = true;
  if (!member.idle) return;  // It took it itself, from the queue.
  member.idle = false;
  member.fiber->wake();
}

bool ArrivalRateExecutor::take_queued(Member& member) {
  if (runner_.counts.queued == 0 || clock_.paused()) return false;
  const Duration delay = freed_late(member);
  assign(member, *queued_->current());
  const Duration waited = context_.loop.now() - member.iteration.planned;
  member.iteration.waited_for_vu = std::max(Duration::zero(), waited - delay);
  ++runner_.counts.started_late;
  if (--runner_.counts.queued > 0) queued_->advance();
  return true;
}

// How much earlier this VU might have become free with a generator that is never late.
Duration ArrivalRateExecutor::freed_late(const Member& member) const {
  const Iteration& last = member.iteration;  // All zero if there was none.
  const Duration started_late = last.started - last.planned - last.waited_for_vu;
  const Duration waited =
      std::min(context_.loop.stats().waited_max, context_.loop.now() - last.started);
  return started_late + (waited >= long_turn ? waited : Duration::zero());
}

void ArrivalRateExecutor::grow() {
  if (starting_ > 0 || cannot_grow_) return;  // One at a time, as k6: no avalanche.
  if (members_.size() < vus_max_) {
    spawn();
    return;
  }
  const bool queues = options_.when_busy == WhenBusy::queue;
  runner_.warn_once(warned_of_vus_, "Insufficient VUs, reached " + std::to_string(vus_max_) +
                                        " active VUs and cannot initialize more (maxVUs): "
                                        "iterations that are due are " +
                                        (queues ? "started late" : "dropped"));
}

Result<> ArrivalRateExecutor::run(Fiber& self, Instant start) {
  clock_.begin(start);
  if (!prepared_) {
    const Result<> prepared = prepare(self);
    if (!prepared && prepared.error().code == ErrorCode::cancelled) return prepared;
  }
  manager_ = &self;
  while (!stopping_ && !self.cancelled()) {
    const Instant now = self.now();
    const Duration elapsed = clock_.elapsed(now);
    if (elapsed >= Duration::zero()) {
      phase_ = ExecutorPhase::running;
      const bool all_started = start_due(now);
      if (elapsed >= schedule_.duration() && all_started) break;
    }
    Instant next =
        clock_.instant_of(elapsed < Duration::zero() ? Duration::zero() : schedule_.duration());
    if (due_.current()) next = std::min(next, clock_.instant_of(due_.current()->due));
    park_until(self, clock_.paused() ? far_future : next, "due");
  }
  wind_down(self);
  phase_ = ExecutorPhase::ended;
  manager_ = nullptr;
  const LoadCounts& counts = runner_.counts;
  ASSERT(counts.planned == counts.started + counts.dropped && counts.running == 0);
  if (self.cancelled()) return fail(ErrorCode::cancelled, "the scenario was cancelled");
  return runner_.outcome();
}

void ArrivalRateExecutor::wind_down(Fiber& self) {
  const Instant now = self.now();
  const bool was_stopped = stopping_ || self.cancelled();
  const Instant end = clock_.instant_of(schedule_.duration());
  const Instant deadline = (was_stopped ? now : std::min(now, end)) + options_.graceful_stop;
  phase_ = ExecutorPhase::stopping;
  if (was_stopped) drop_queued();
  stopping_ = true;
  clock_.resume(now);
  wake_idle();
  while (alive_ > 0 && !stop_now_ && !self.cancelled() && self.now() < deadline)
    park_until(self, deadline, "stop");
  drop_queued();
  group_.cancel();
  group_.join(self);
  ASSERT(alive_ == 0);
}

void ArrivalRateExecutor::drop_queued() {
  runner_.drop(std::exchange(runner_.counts.queued, 0), context_.loop.now());
}

void ArrivalRateExecutor::make_free(Member& member) {
  member.idle = true;
  if (free_first_ == nullptr) {
    member.next_free = nullptr;
    free_first_ = free_last_ = &member;
  } else if (options_.vu_choice == VuChoice::most_recently_freed) {
    member.next_free = free_first_;
    free_first_ = &member;
  } else {
    member.next_free = nullptr;
    free_last_->next_free = &member;
    free_last_ = &member;
  }
}

ArrivalRateExecutor::Member* ArrivalRateExecutor::take_free() {
  Member* const member = free_first_;
  if (member != nullptr) free_first_ = member->next_free;
  return member;
}

void ArrivalRateExecutor::wake_idle() {
  free_first_ = nullptr;
  for (const auto& member : members_)
    if (member->fiber != nullptr && (member->idle || member->resting)) member->fiber->wake();
}

void ArrivalRateExecutor::wake_manager() {
  if (manager_ != nullptr) manager_->wake();
}

void ArrivalRateExecutor::stop(StopKind kind) {
  // A schedule that has ended is winding down already; told to stop, it starts nothing queued.
  stopping_ = true;
  drop_queued();
  if (kind == StopKind::now) {
    stop_now_ = true;
    group_.cancel();
  }
  wake_manager();
}

void ArrivalRateExecutor::pause() {
  if (stopping_) return;
  clock_.pause(context_.loop.now());
  wake_manager();
}

void ArrivalRateExecutor::resume() {
  clock_.resume(context_.loop.now());
  wake_manager();
}

ExecutorProgress ArrivalRateExecutor::progress() const {
  ExecutorProgress progress;
  progress.phase = phase_;
  progress.paused = clock_.paused();
  progress.duration = schedule_.duration();
  if (phase_ == ExecutorPhase::running || phase_ == ExecutorPhase::stopping)
    progress.elapsed =
        std::clamp(clock_.elapsed(context_.loop.now()), Duration::zero(), schedule_.duration());
  if (phase_ == ExecutorPhase::ended) progress.elapsed = schedule_.duration();
  progress.iterations_planned = segment_.owns_any() ? segment_.share(schedule_.planned()) : 0;
  progress.vus_active = runner_.counts.running;
  progress.vus = alive_;
  progress.vus_max = vus_max_;
  progress.counts = runner_.counts;
  return progress;
}

}  // namespace brunt
