#include "run/service_profile.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/text.h"

namespace brunt {

Result<> ServiceProfiling::check() {
  if (options_.service.empty()) return {};
  std::vector<std::string_view> names;
  const auto running = services_.processes();
  for (const WatchedProcess& one : running) names.push_back(one.service);
  if (std::ranges::find(names, options_.service) != names.end()) return {};
  return fail(
      ErrorCode::invalid,
      fmt::format("--profile {}: brunt has started no such service{}{}", options_.service,
                  did_you_mean(options_.service, names),
                  names.empty() ? "" : fmt::format(" (it has: {})", fmt::join(names, ", "))));
}

void ServiceProfiling::run(Fiber& self, Instant from) {
  if (options_.service.empty() || !self.sleep_until(from)) return;
  const auto running = services_.processes();
  const auto found = std::ranges::find(running, options_.service, &WatchedProcess::service);
  if (found == running.end()) {
    failure_ = Error{ErrorCode::not_found, "it was not running when the profile should begin"};
    return;
  }
  ProcessProbe probe;
  probe.sample(found->pid, self.now());
  auto started =
      Profiler::start(self.loop(), {.processes = probe.processes(), .folder = options_.folder});
  if (started)
    profiler_ = std::move(*started);
  else
    failure_ = started.error();
}

void ServiceProfiling::finish(Fiber& self, RunRecord& record) {
  if (options_.service.empty()) return;
  if (!profiler_ && !failure_)
    failure_ = Error{ErrorCode::not_found, "the load ended before the warm-up did"};
  if (profiler_) {
    auto profile = profiler_->finish(self);
    if (profile)
      record.profiles.push_back(
          {.service = options_.service, .folded = std::move(profile->folded)});
    else
      failure_ = profile.error();
  }
  if (failure_)
    record.notes.push_back(fmt::format("no profile of {}: {}", options_.service, failure_->text));
}

}  // namespace brunt
