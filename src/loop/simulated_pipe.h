// One direction of a simulated stream: chunks under way, each with the instant at which it arrives.
//
// No event changes it: whoever looks compares instants with the virtual clock. Events only wake
// those who wait at its gates. For simulated_backend.cc only.
#pragma once
#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "loop/fiber_impl.h"

namespace brunt {

// Where a fiber waits in the simulation.
struct SimulatedGate {
  FiberImpl* waiter = nullptr;

  Woken wait(FiberImpl& self, Instant deadline, const char* why) {
    waiter = &self;
    const Woken woken = self.wait(deadline, why);
    waiter = nullptr;
    return woken;
  }
  void open() const {
    if (waiter != nullptr) waiter->notify();
  }
};

struct SimulatedChunk {
  Instant arrives;
  std::vector<std::byte> bytes;
};

struct SimulatedPipe {
  // As a kernel's buffers of both ends together would hold.
  static constexpr std::size_t window_bytes = 256u << 10u;

  bool has_arrived(Instant now) const { return !chunks.empty() && chunks.front().arrives <= now; }
  bool has_ended(Instant now) const { return chunks.empty() && ends <= now; }
  bool is_broken(Instant now) const { return breaks <= now; }
  bool is_readable(Instant now) const {
    return has_arrived(now) || has_ended(now) || is_broken(now);
  }

  std::deque<SimulatedChunk> chunks;
  std::size_t bytes_inside = 0;
  Instant last_arrival{};
  Instant ends = far_future;         // When the sender's end of stream arrives.
  Instant breaks = far_future;       // When both ends learn that the stream is broken.
  Instant reader_left = far_future;  // When the sender learns that nobody reads any more.
  SimulatedGate reader;
  SimulatedGate writer;
};

}  // namespace brunt
