// Which node is due first: a heap of nodes that their owners embed, one for each fiber.
//
// Arming early is fine: a fiber that parks with a later deadline than its node is armed for leaves
// the node alone, and moves it when it fires too early (once per time-out, not once per request).
// So a park's deadline costs a comparison, nearly always.
//
// Source: docs/decisions/0006-timers.md, why a heap and how much it costs.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/time.h"

namespace brunt {

struct TimerNode {
  Instant armed = far_future;  // far_future: in no heap.
  std::uint32_t index = 0;     // Its place in the heap.
};

class TimerHeap {
 public:
  // The instant of the first node; far_future when there is none.
  Instant first() const { return entries_.empty() ? far_future : entries_.front().at; }
  std::size_t size() const { return entries_.size(); }

  // Arms a node, or moves it. REQUIRES: at < far_future; the node stays where it is until disarmed.
  void arm(TimerNode& node, Instant at);
  void disarm(TimerNode& node);  // Nothing if it is not armed.

  // Takes out the first node if it is due at `now`, else nullptr. Nodes armed for the same instant
  // come in the order in which they were armed.
  TimerNode* take_due(Instant now);

 private:
  struct Entry {
    Instant at;
    std::uint64_t sequence;
    TimerNode* node;
    bool before(const Entry& other) const {
      return at != other.at ? at < other.at : sequence < other.sequence;
    }
  };

  void place(std::size_t index, const Entry& entry);
  void sift_up(std::size_t index, const Entry& entry);
  void sift_down(std::size_t index, const Entry& entry);
  void remove(std::size_t index);

  std::vector<Entry> entries_;
  std::uint64_t sequence_ = 0;
};

}  // namespace brunt
