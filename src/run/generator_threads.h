// Generators on threads of their own: started, waited for, and stopped from the conductor's loop.
//
// Seconds and sentences arrive on the conductor's loop. Each thread runs one loop with one
// Generator; they prepare together, start at the same instant, and end by themselves.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "run/generators.h"

namespace brunt {

struct GeneratorThreadsOptions {
  BackendKind backend = BackendKind::automatic;
  std::uint64_t seed = 1;
  std::uint64_t threads = 1;
  std::size_t fibers_max = 200'000;  // Of each thread.
};

class GeneratorThreads final : public Generators {
 public:
  // `control` is the conductor's loop; it and `setup` must outlive this.
  GeneratorThreads(Loop& control, const GeneratorSetup& setup, GeneratorEvents events,
                   const GeneratorThreadsOptions& options);
  ~GeneratorThreads() override;

  Result<> prepare(Fiber& self) override;
  Result<> run(Fiber& self, Instant start) override;
  void abandon(Fiber& self) override;
  void stop(StopKind kind) override;
  void steer(const SteeringOrder& order) override;
  BackendKind backend() const override;
  std::uint32_t count() const override { return static_cast<std::uint32_t>(options_.threads); }
  void recycle(std::uint32_t generator, Snapshot snapshot) override;

  GeneratorThreads(const GeneratorThreads&) = delete;
  GeneratorThreads& operator=(const GeneratorThreads&) = delete;

 private:
  struct Worker;
  void wait_for_ends(Fiber& self);

  Loop& control_;
  const GeneratorSetup& setup_;
  GeneratorEvents events_;
  GeneratorThreadsOptions options_;
  std::vector<std::unique_ptr<Worker>> workers_;
  Fiber* waiter_ = nullptr;
  std::size_t prepared_ = 0, ended_ = 0;
  Result<> first_error_;
};

}  // namespace brunt
