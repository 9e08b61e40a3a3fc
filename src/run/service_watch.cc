#include "run/service_watch.h"

#include <signal.h>

#include <algorithm>

namespace brunt {

ServiceWatch::ServiceWatch(const Plan& plan, ServiceSet& services, const MetricRegistry& registry)
    : plan_(plan), services_(services), watcher_(registry, [this] { return processes(); }) {}

bool ServiceWatch::is_wanted(const std::string& service) const {
  const auto found = std::ranges::find(plan_.watch, service, &WatchPlan::service);
  return found == plan_.watch.end() || found->process;
}

std::vector<WatchedProcess> ServiceWatch::processes() {
  std::vector<WatchedProcess> wanted;
  for (WatchedProcess& process : services_.processes())
    if (is_wanted(process.service)) wanted.push_back(std::move(process));
  for (const WatchPlan& watch : plan_.watch) {
    if (watch.pid != 0) wanted.push_back({watch.service, watch.pid});
    if (watch.program.empty()) continue;
    pid_t& pid = found_[watch.program];
    if (pid == 0 || ::kill(pid, 0) != 0) pid = find_process(watch.program);
    if (pid != 0) wanted.push_back({watch.service, pid});
  }
  return wanted;
}

void ServiceWatch::deliver(std::int64_t second, Seconds& seconds) {
  Snapshot snapshot = watcher_.freeze(second);
  // It can fail only if what we froze ourselves makes no sense.
  (void)seconds.take_aside(snapshot);
  rinse(snapshot);
  watcher_.recycle(std::move(snapshot));
}

void ServiceWatch::run(Fiber& self, Instant start, Seconds& seconds) {
  constexpr Duration second_length = std::chrono::seconds(1);
  // Enough for a few hundred processes, and for a loop that is late.
  constexpr Duration ahead = std::chrono::milliseconds(30);
  watcher_.sample(self.loop().precise_now());
  deliver(0, seconds);
  for (std::int64_t second = 0; self.sleep_until(start + second_length * (second + 1) - ahead);) {
    watcher_.sample(self.loop().precise_now());
    deliver(second, seconds);
    // A loop that was held up goes on with the second that it is in.
    second = std::max(second + 1, (self.loop().precise_now() - start) / second_length);
  }
}

}  // namespace brunt
