#include "service/iot/group_committer.h"

#include <algorithm>

#include "base/assert.h"
#include "loop/loop.h"

namespace brunt {

struct GroupCommitter::Batch {
  IotGroup group;
  std::vector<Waiter*> waiters;
};

GroupCommitter::GroupCommitter(IotStore& store, const GroupLimits& limits, Observer observer)
    : store_(store),
      limits_(limits),
      observer_(std::move(observer)),
      gathering_(std::make_unique<Batch>()) {}

GroupCommitter::~GroupCommitter() {
  ASSERT(idle_.empty() && gathering_->waiters.empty());
}

Result<> GroupCommitter::check_room() const {
  if (lanes_ == 0) return fail(ErrorCode::cancelled, "the service is ending");
  if (gathering_->group.size() < limits_.queue_max) return {};
  return fail(ErrorCode::exhausted, "the store is slower than the requests: the queue is full");
}

Result<> GroupCommitter::add(Fiber& self, const Measurement& measurement) {
  TRY(check_room());
  gathering_->group.measurements.push_back(measurement);
  return wait(self);
}

Result<> GroupCommitter::add(Fiber& self, const Uuid& device) {
  TRY(check_room());
  gathering_->group.devices.push_back(device);
  return wait(self);
}

void GroupCommitter::note(const CommandRecord& command) {
  if (!check_room()) return;
  gathering_->group.commands.push_back(command);
  gathered();
}

// One more record is there: who commits it?
void GroupCommitter::gathered() {
  Batch& batch = *gathering_;
  waiting_.set(batch.group.size());
  if (gatherer_ != nullptr) {
    if (batch.group.size() >= limits_.gather_enough) gatherer_->wake();
    return;
  }
  if (idle_.empty()) return;  // All lanes are committing; the first to finish takes it.
  gatherer_ = idle_.back();
  idle_.pop_back();
  gatherer_->wake();
}

Result<> GroupCommitter::wait(Fiber& self) {
  Batch& batch = *gathering_;
  Waiter waiter{.fiber = &self, .batch = &batch, .index = batch.waiters.size(), .error = {}};
  batch.waiters.push_back(&waiter);
  gathered();
  const Instant deadline = self.now() + limits_.answer_timeout;
  while (!waiter.done) {
    const auto parked = self.park(deadline, "a commit");
    if (parked || waiter.done) continue;
    batch.waiters[waiter.index] = nullptr;
    if (parked.error().code == ErrorCode::timeout)
      return fail(ErrorCode::timeout, "the store did not answer in time");
    return std::unexpected(parked.error());
  }
  if (waiter.error) return std::unexpected(std::move(*waiter.error));
  return {};
}

// Waits until there is a group to commit; false when there is none and there will be none.
bool GroupCommitter::gather(Fiber& lane) {
  const auto taken_care_of = [&] { return gatherer_ != nullptr && gatherer_ != &lane; };
  while (gathering_->group.empty() || taken_care_of()) {
    if (stopping_ && gathering_->group.empty()) return false;
    idle_.push_back(&lane);
    const auto parked = lane.park(far_future, "records to commit");
    std::erase(idle_, &lane);
    const bool chosen = gatherer_ == &lane;
    if (chosen && (!parked || gathering_->group.empty())) gatherer_ = nullptr;
    if (!parked) {
      // Another lane takes over what this one was chosen for.
      if (chosen && !gathering_->group.empty()) gathered();
      return false;
    }
  }
  if (limits_.gather_time > Duration::zero() && gatherer_ == nullptr) gatherer_ = &lane;
  if (gatherer_ != &lane) return true;
  const Instant until = lane.now() + limits_.gather_time;
  while (limits_.gather_time > Duration::zero() && !stopping_ &&
         gathering_->group.size() < limits_.gather_enough && lane.now() < until)
    if (!lane.park(until, "company for a group")) break;
  gatherer_ = nullptr;
  return true;
}

std::unique_ptr<GroupCommitter::Batch> GroupCommitter::take() {
  auto batch = std::move(gathering_);
  waiting_.set(0);
  if (spare_.empty()) {
    gathering_ = std::make_unique<Batch>();
  } else {
    gathering_ = std::move(spare_.back());
    spare_.pop_back();
  }
  return batch;
}

void GroupCommitter::finish(std::unique_ptr<Batch> batch, const Result<>& outcome) {
  for (Waiter* waiter : batch->waiters) {
    if (waiter == nullptr) continue;  // Gave up meanwhile.
    waiter->done = true;
    if (!outcome) waiter->error = outcome.error();
    waiter->fiber->wake();
  }
  batch->waiters.clear();
  batch->group.clear();
  spare_.push_back(std::move(batch));
}

void GroupCommitter::run_lane(Fiber& lane) {
  ++lanes_;
  while (gather(lane)) {
    if (gathering_->group.empty()) continue;  // Another lane was quicker.
    auto batch = take();
    const Instant started = lane.loop().precise_now();
    const Result<> outcome = lane.cancelled() ? fail(ErrorCode::cancelled, "the service is ending")
                                              : store_.commit(lane, batch->group);
    if (observer_)
      observer_({.measurements = batch->group.measurements.size(),
                 .records = batch->group.size(),
                 .took = lane.loop().precise_now() - started,
                 .error = outcome ? nullptr : &outcome.error()});
    finish(std::move(batch), outcome);
  }
  --lanes_;
  if (stopping_)
    for (Fiber* other : idle_) other->wake();  // One that left the last group to this lane.
  // Cancelled: nobody else will commit what has been gathered.
  if (lanes_ == 0) finish(take(), fail(ErrorCode::cancelled, "the service is ending"));
}

void GroupCommitter::stop() {
  stopping_ = true;
  for (Fiber* lane : idle_) lane->wake();
  if (gatherer_ != nullptr) gatherer_->wake();
}

}  // namespace brunt
