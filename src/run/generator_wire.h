// What the conductor and a generator process say to each other over a unix socket: frames of a kind
// and a payload.
//
//   conductor                     generator process
//   setup {members, seed, …}  →
//                             ←   ready {backend}
//   start {at}                →                            an Instant: the machine's monotonic
//   clock is one for all
//                             ←   second …, warned …       again and again; the last second has
//                             `last` set
//   stop {kind}               →                            at any time
//   steer {paused, vus, …}    →                            after the start, at any time
//                             ←   ended {error}
//
// A frame: length of what follows (u32, little endian), kind (u8), payload: JSON, and for seconds a
// snapshot behind it. Both ends are the same program, started together: there is no version.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "base/json.h"
#include "loop/stream.h"
#include "run/generator.h"

namespace brunt {

enum class FrameKind : std::uint8_t { setup = 1, ready, start, second, warned, stop, steer, ended };

struct Frame {
  FrameKind kind{};
  Json head;
  std::string tail;  // A snapshot, for `second`.
};

// One fiber reads and one writes, at most.
class FrameChannel {
 public:
  struct Limits {
    std::uint32_t frame_bytes_max = 256u << 20u;  // A second of 100,000 series is some 30 MB.
  };

  explicit FrameChannel(std::unique_ptr<Stream> stream) : stream_(std::move(stream)) {}

  // Parks until it is handed to the kernel. Errors: reset, cancelled, io.
  Result<> send(Fiber& self, const Frame& frame);
  // Parks until a whole frame is there. Errors: closed (the other end is gone), malformed,
  // too_large, cancelled.
  Result<Frame> receive(Fiber& self);

 private:
  Limits limits_;
  std::unique_ptr<Stream> stream_;
  std::string pending_;  // Received and not yet taken.
};

Frame frame_of(const GeneratorSecond& second);
Frame frame_of(const SteeringOrder& order);
SteeringOrder steering_of(const Frame& frame);
Result<GeneratorSecond> second_of(const Frame& frame);  // Errors: malformed.

}  // namespace brunt
