// Profiles one service while it is loaded: from the end of the warm-up on, at most a minute.
//
//   ServiceProfiling profiling(services, {.service = "collector", .folder = folder});
//   TRY(profiling.check());                              // before the load: is there such a
//   service? TRY(watchers.spawn("profile", [&](Fiber& fiber) { profiling.run(fiber, after_warm_up);
//   }));
//   ...
//   profiling.finish(self, record);                      // a profile, or a note why there is none
//
// On the conductor's loop.
#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "loop/fiber.h"
#include "record/run_record.h"
#include "run/service_set.h"
#include "watch/profiler.h"

namespace brunt {

struct ServiceProfilingOptions {
  std::string service;           // Empty: nothing is profiled.
  std::filesystem::path folder;  // Of the run; not removed here.
};

class ServiceProfiling {
 public:
  // `services` must outlive it.
  ServiceProfiling(ServiceSet& services, ServiceProfilingOptions options)
      : services_(services), options_(std::move(options)) {}

  // Errors: invalid: brunt has started no such service (names those that it has).
  Result<> check();

  // Parks until `from`, then starts the recording.
  void run(Fiber& self, Instant from);

  // Parks: ends it and adds a profile, or a note.
  void finish(Fiber& self, RunRecord& record);

 private:
  ServiceSet& services_;
  ServiceProfilingOptions options_;
  std::unique_ptr<Profiler> profiler_;
  std::optional<Error> failure_;
};

}  // namespace brunt
