// All generators of a run as the conductor sees them: threads of this process, or processes of
// their own.
//
// Life: prepare(), then run() or abandon() once, destroy. Seconds and sentences come as
// GeneratorEvents on the conductor's loop.
#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "run/generator.h"

namespace brunt {

// Called on the conductor's loop; must not park.
struct GeneratorEvents {
  std::function<void(GeneratorSecond)> second;
  std::function<void(std::string)> warned;
};

class Generators {
 public:
  virtual ~Generators() =
      default;  // REQUIRES: run() or abandon() has returned, if prepare() was called.

  // Parks until every generator is ready to start. Errors: the first of any.
  virtual Result<> prepare(Fiber& self) = 0;

  // Lets them go at `start`; parks until all have ended and every second has been delivered.
  // Errors: the first of any.
  virtual Result<> run(Fiber& self, Instant start) = 0;

  // Instead of run(), also after a prepare() that failed: ends what is there. Parks until nothing
  // of it can call back any more.
  virtual void abandon(Fiber& self) = 0;

  virtual void stop(StopKind kind) = 0;
  // REQUIRES: prepare() succeeded.
  virtual void steer(const SteeringOrder& order) = 0;

  virtual BackendKind backend() const = 0;  // The one chosen. REQUIRES: prepare() succeeded.
  virtual std::uint32_t count() const = 0;  // GeneratorSecond::generator is below it.

  // Gives a rinsed snapshot's memory back to the generator that made it.
  virtual void recycle(std::uint32_t generator, Snapshot snapshot) = 0;
};

}  // namespace brunt
