// A virtual user, an iteration, and the interface to what a VU does.
//
// The executor decides when an iteration starts; a VuBody is what happens in it (the plan's steps,
// a script's function). One body serves all VUs of a scenario on its loop; what a VU must remember
// between iterations is in Vu::state.
//
//   class Ping : public VuBody {
//     Result<> start_vu(Fiber& self, Vu& vu) override { … connect, log in … }
//     IterationEnd run(Fiber& self, Vu& vu, const Iteration& iteration) override {
//       const auto reply = client.send(self, …);
//       return self.cancelled() ? IterationEnd::interrupted : IterationEnd::complete;
//     }
//   };
#pragma once
#include <cstdint>
#include <memory>

#include "base/result.h"
#include "base/time.h"
#include "loop/fiber.h"

namespace brunt {

// What a body keeps for a VU.
class VuState {
 public:
  virtual ~VuState() = default;
};

struct Vu {
  std::uint64_t id_in_test = 0;      // From 1; unique over all scenarios, threads and segments.
  std::uint64_t id_in_instance = 0;  // From 1; unique in this process.
  std::uint64_t id_in_scenario = 0;  // From 1 to the scenario's number of VUs, over all segments.
  std::uint64_t iterations = 0;      // Started so far in this scenario.
  std::unique_ptr<VuState> state;    // The body's own.
};

struct Iteration {
  std::uint64_t index = 0;  // In the scenario, over all segments, from 0.
  std::uint64_t index_in_instance =
      0;                          // In the scenario, on this thread (or shared budget), from 0.
  std::uint64_t index_in_vu = 0;  // Of this VU, from 0.
  Instant planned{};              // Open model: when it was due. Closed model: equal to `started`.
  Instant started{};              // When run() was called.
  // Open model: of the time from planned to started, how long every VU was busy for no fault of
  // the generator. The rest is the generator's own doing.
  Duration waited_for_vu{};
};

enum class IterationEnd : std::uint8_t {
  complete,  // Also when it failed in the middle: k6 counts an iteration that throws as complete.
  interrupted,  // Cut off: the fiber was cancelled, or the test aborted.
};

class VuBody {
 public:
  virtual ~VuBody() = default;

  // Once for each VU, on its own fiber, before its first iteration: the plan's `before:`. On an
  // error the VU is given up and counted; the others go on.
  virtual Result<> start_vu(Fiber& self, Vu& vu) = 0;

  // One iteration; called again and again, by any number of VUs' fibers in turn. May park. Once
  // `self` is cancelled it must return soon. The VU lives longer than the call; `iteration` as
  // long.
  virtual IterationEnd run(Fiber& self, Vu& vu, const Iteration& iteration) = 0;

  // Once for each VU that started, at its end. The fiber may be cancelled already. Vu::state is
  // destroyed afterwards.
  virtual void end_vu(Fiber& self, Vu& vu) = 0;
};

}  // namespace brunt
