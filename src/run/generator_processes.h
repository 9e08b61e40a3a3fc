// Generators in processes of their own, each an execution segment: for plans that need more
// connections than one process may have descriptors.
//
// Each child is this program with the same plan (`brunt generator`), led over a unix socket
// (generator_wire.h). What they measure merges exactly, as threads' does. They die with us.
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "net/subprocess.h"
#include "run/generator_wire.h"
#include "run/generators.h"

namespace brunt {

struct GeneratorProcessesOptions {
  std::filesystem::path program;  // brunt itself.
  std::vector<std::string>
      arguments;  // Of `brunt run`, without the verb: the child reads the same plan.
  std::uint32_t processes = 2;
  std::filesystem::path folder;  // For the socket and the children's output.
  BackendKind backend = BackendKind::automatic;
};

class GeneratorProcesses final : public Generators {
 public:
  // All must outlive it. REQUIRES: the main thread's loop.
  GeneratorProcesses(Loop& control, const GeneratorSetup& setup, GeneratorEvents events,
                     GeneratorProcessesOptions options);
  ~GeneratorProcesses() override;

  Result<> prepare(Fiber& self) override;
  Result<> run(Fiber& self, Instant start) override;
  void abandon(Fiber& self) override;
  void stop(StopKind kind) override;
  void steer(const SteeringOrder& order) override;
  BackendKind backend() const override { return backend_; }
  std::uint32_t count() const override { return options_.processes; }
  void recycle(std::uint32_t, Snapshot) override {}

 private:
  struct Child;
  Result<> start_child(Fiber& self, Listener& listener, std::uint32_t index);
  Result<> listen_to(Fiber& self, Child& child);
  void send_order(Child& child, Frame order);
  Frame setup_frame(std::uint32_t index) const;

  Loop& control_;
  const GeneratorSetup& setup_;
  GeneratorEvents events_;
  GeneratorProcessesOptions options_;
  std::vector<std::unique_ptr<Child>> children_;
  BackendKind backend_ = BackendKind::automatic;
  bool running_ = false;
  std::optional<Frame> first_order_;  // Given before the start, to be sent right after it.
};

// The child's side: connects to the conductor at `socket`, prepares `plan`'s load, and runs it as
// told. Parks until the end. Errors: what the conductor is told too.
Result<> serve_generator(Fiber& self, const Plan& plan, const std::string& socket);

}  // namespace brunt
