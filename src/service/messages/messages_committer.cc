#include "service/messages/messages_committer.h"

#include <algorithm>

#include "base/assert.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;

constexpr Duration first_pause = 50ms, longest_pause = 1s;
constexpr std::size_t bytes_kept = 1u << 20u;     // Of a group's memory, for the next one.
constexpr std::size_t lazy_enough = 256u << 10u;  // The lazy mode gathers no longer than that.

}  // namespace

MessagesCommitter::MessagesCommitter(Loop& loop, SegmentWriter& writer,
                                     const MessagesOptions& options, MessagesCounters& counters)
    : loop_(loop), writer_(writer), options_(options), counters_(counters) {
  // A write to the page cache takes less than the way to another thread and back; a flush does not.
  if (options.durability == Durability::ack_after_fsync)
    helper_ = std::make_unique<HelperThread>("messages disk");
  groups_.push_back(std::make_unique<Group>());
  gathering_ = groups_.back().get();
}

MessagesCommitter::Group& MessagesCommitter::join() {
  Group& group = *gathering_;
  if (group.users++ == 0) group.received_unix_ns = loop_.wall().unix_ns;
  return group;
}

bool MessagesCommitter::wait(Fiber& self, Group& group) {
  if (runner_ == nullptr) return false;
  const bool is_lazy = options_.durability == Durability::lazy;
  if (group.waiting.empty() || (is_lazy && group.records.size() >= lazy_enough)) runner_->wake();
  if (is_lazy && group.records.size() < options_.limits.group_bytes_max) {
    group.waiting.push_back(nullptr);
    return true;
  }
  const std::size_t place = group.waiting.size();
  group.waiting.push_back(&self);
  while (group.state == State::gathering || group.state == State::storing) {
    if (self.park(far_future, "a group to be stored")) continue;
    if (group.state == State::gathering || group.state == State::storing)
      group.waiting[place] = nullptr;
    break;
  }
  return group.state == State::stored;
}

void MessagesCommitter::leave(Group& group) {
  ASSERT(group.users > 0);
  --group.users;
  recycle(group);
}

void MessagesCommitter::recycle(Group& group) {
  if (group.users > 0 || group.state == State::gathering || group.state == State::storing) return;
  group.records.clear();
  group.records.shrink(bytes_kept);
  group.acks.clear();
  group.acks.shrink(bytes_kept);
  group.waiting.clear();
  group.messages = 0;
  group.state = State::gathering;
  spare_.push_back(&group);
}

// Waits for a group worth storing; false when there is none and there will be none.
bool MessagesCommitter::gather(Fiber& self) {
  const bool is_lazy = options_.durability == Durability::lazy;
  while (gathering_->records.empty()) {
    if (stopping_ || self.cancelled()) return false;
    const Instant until =
        writer_.has_open() ? segment_since_ + options_.segment_age_max : far_future;
    const auto parked = self.park(until, "messages to store");
    if (!parked && parked.error().code == ErrorCode::timeout) finish_segment(self);
  }
  const Instant until = self.now() + options_.lazy_wait;
  while (is_lazy && !stopping_ && gathering_->records.size() < lazy_enough && self.now() < until)
    if (!self.park(until, "more messages")) break;
  return true;
}

void MessagesCommitter::run(Fiber& self) {
  runner_ = &self;
  while (gather(self)) {
    Group& group = *gathering_;
    group.state = State::storing;
    if (spare_.empty()) {
      groups_.push_back(std::make_unique<Group>());
      gathering_ = groups_.back().get();
    } else {
      gathering_ = spare_.back();
      spare_.pop_back();
    }
    store(self, group);
    if (writer_.has_open() && loop_.now() >= segment_since_ + options_.segment_age_max)
      finish_segment(self);
  }
  runner_ = nullptr;
  if (gathering_->users > 0) settle(*gathering_, State::given_up);
  finish_segment(self);
}

void MessagesCommitter::store(Fiber& self, Group& group) {
  Duration pause = first_pause;
  for (;;) {
    if (!writer_.has_open()) segment_since_ = loop_.now();
    const Instant began = loop_.precise_now();
    const auto append = [&] { return writer_.append(group.records.view()); };
    const Result<> stored = helper_ ? helper_->call<Result<>>(self, append) : append();
    if (stored) {
      counters_.store_duration.record(seconds_of(loop_.precise_now() - began));
      break;
    }
    counters_.group_failures.add();
    counters_.refusing.set(1);
    refusal_ = stored.error();
    if (!self.sleep(pause)) return settle(group, State::given_up);
    pause = std::min(2 * pause, longest_pause);
  }
  if (refusal_) {
    counters_.refusing.set(0);
    refusal_.reset();
  }
  counters_.groups.add();
  counters_.group_size.record(static_cast<double>(group.messages));
  settle(group, State::stored);
}

void MessagesCommitter::settle(Group& group, State state) {
  group.state = state;
  for (Fiber* fiber : group.waiting)
    if (fiber != nullptr) fiber->wake();
  recycle(group);
}

// Where that fails the segment stays open, and the next time comes.
void MessagesCommitter::finish_segment(Fiber& self) {
  segment_since_ = loop_.now();
  const auto finish = [&] { return writer_.finish(); };
  static_cast<void>(helper_ ? helper_->call<Result<>>(self, finish) : finish());
}

void MessagesCommitter::stop() {
  stopping_ = true;
  if (runner_ != nullptr) runner_->wake();
}

}  // namespace brunt
