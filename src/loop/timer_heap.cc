#include "loop/timer_heap.h"

#include <algorithm>

#include "base/assert.h"

namespace brunt {
namespace {
// Four children: half the levels of a binary heap, and siblings lie in two cache lines.
constexpr std::size_t children = 4;
}  // namespace

void TimerHeap::arm(TimerNode& node, Instant at) {
  ASSERT(at < far_future);
  const Entry entry{at, sequence_++, &node};
  if (node.armed == far_future) {
    entries_.push_back(entry);
    node.armed = at;
    sift_up(entries_.size() - 1, entry);
    return;
  }
  const Entry old = entries_[node.index];
  node.armed = at;
  if (entry.before(old))
    sift_up(node.index, entry);
  else
    sift_down(node.index, entry);
}

void TimerHeap::disarm(TimerNode& node) {
  if (node.armed == far_future) return;
  node.armed = far_future;
  remove(node.index);
}

TimerNode* TimerHeap::take_due(Instant now) {
  if (entries_.empty() || entries_.front().at > now) return nullptr;
  TimerNode* const node = entries_.front().node;
  disarm(*node);
  return node;
}

void TimerHeap::remove(std::size_t index) {
  const Entry last = entries_.back();
  entries_.pop_back();
  if (index == entries_.size()) return;
  if (index > 0 && last.before(entries_[(index - 1) / children]))
    sift_up(index, last);
  else
    sift_down(index, last);
}

void TimerHeap::place(std::size_t index, const Entry& entry) {
  entries_[index] = entry;
  entry.node->index = static_cast<std::uint32_t>(index);
}

void TimerHeap::sift_up(std::size_t index, const Entry& entry) {
  while (index > 0) {
    const std::size_t parent = (index - 1) / children;
    if (!entry.before(entries_[parent])) break;
    place(index, entries_[parent]);
    index = parent;
  }
  place(index, entry);
}

void TimerHeap::sift_down(std::size_t index, const Entry& entry) {
  for (;;) {
    const std::size_t first = index * children + 1;
    if (first >= entries_.size()) break;
    const std::size_t end = std::min(first + children, entries_.size());
    std::size_t least = first;
    for (std::size_t child = first + 1; child < end; ++child)
      if (entries_[child].before(entries_[least])) least = child;
    if (!entries_[least].before(entry)) break;
    place(index, entries_[least]);
    index = least;
  }
  place(index, entry);
}

}  // namespace brunt
