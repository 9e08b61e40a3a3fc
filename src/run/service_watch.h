// Watches the services of a run while it goes on: samples their processes and the machine shortly
// before each second ends, so that the sample is in that second when it closes.
//
//   ServiceWatch watch(plan, services, registry);
//   TRY(watchers.spawn("watch", [&](Fiber& fiber) { watch.run(fiber, start, seconds); }));
//
// On the conductor's loop.
#pragma once
#include <map>
#include <vector>

#include "loop/fiber.h"
#include "plan/plan.h"
#include "run/seconds.h"
#include "run/service_set.h"
#include "watch/watcher.h"

namespace brunt {

class ServiceWatch {
 public:
  // All must outlive it.
  ServiceWatch(const Plan& plan, ServiceSet& services, const MetricRegistry& registry);

  // Parks until the fiber is cancelled.
  void run(Fiber& self, Instant start, Seconds& seconds);

 private:
  std::vector<WatchedProcess> processes();
  bool is_wanted(const std::string& service) const;
  void deliver(std::int64_t second, Seconds& seconds);

  const Plan& plan_;
  ServiceSet& services_;
  Watcher watcher_;
  std::map<std::string, pid_t> found_;  // By program.
};

}  // namespace brunt
