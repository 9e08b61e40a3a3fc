// Generators on threads of their own: started, waited for, and stopped from the conductor's loop.
//
// Seconds and sentences arrive on the conductor's loop. Each thread runs one loop with one
// Generator; they prepare together, start at the same instant, and end by themselves.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "run/generator.h"

namespace brunt {

struct GeneratorThreadsOptions {
  BackendKind backend = BackendKind::automatic;
  std::uint64_t seed = 1;
  std::uint64_t threads = 1;
  std::size_t fibers_max = 200'000;  // Of each thread.
};

// Called on the conductor's loop.
struct GeneratorEvents {
  std::function<void(GeneratorSecond)> second;
  std::function<void(std::string)> warned;
};

class GeneratorThreads {
 public:
  // `control` is the conductor's loop; it and `setup` must outlive this.
  GeneratorThreads(Loop& control, const GeneratorSetup& setup, GeneratorEvents events);
  ~GeneratorThreads();  // Stops at once and joins, blocking, if run() has not returned.

  // Starts the threads and parks until each generator is prepared. Errors: the first of any.
  Result<> prepare(Fiber& self, const GeneratorThreadsOptions& options);

  // Lets them go at `start`, parks until all have ended and every second has been delivered.
  // Errors: the first of any.
  Result<> run(Fiber& self, Instant start);

  void stop(StopKind kind);

  BackendKind backend() const;  // The one chosen. REQUIRES: prepare() succeeded.

  // Gives a rinsed snapshot back to the generator that made it.
  void recycle(std::uint32_t generator, Snapshot snapshot);

  GeneratorThreads(const GeneratorThreads&) = delete;
  GeneratorThreads& operator=(const GeneratorThreads&) = delete;

 private:
  struct Worker;

  Loop& control_;
  const GeneratorSetup& setup_;
  GeneratorEvents events_;
  std::vector<std::unique_ptr<Worker>> workers_;
  Fiber* waiter_ = nullptr;
  std::size_t prepared_ = 0, ended_ = 0;
  Result<> first_error_;
};

}  // namespace brunt
