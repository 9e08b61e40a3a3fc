#include "load/scenario_ends.h"

#include "base/assert.h"

namespace brunt {

ScenarioEnds::ScenarioEnds(std::size_t scenarios, std::uint64_t threads) : ends_(scenarios) {
  for (End& end : ends_) end.parts_left.store(threads, std::memory_order_relaxed);
}

void ScenarioEnds::ended(std::size_t scenario, Instant at) {
  End& end = ends_[scenario];
  const Duration::rep ns = at.time_since_epoch().count();
  Duration::rep latest = end.latest_ns.load(std::memory_order_relaxed);
  while (latest < ns &&
         !end.latest_ns.compare_exchange_weak(latest, ns, std::memory_order_relaxed)) {
  }
  const std::uint64_t before = end.parts_left.fetch_sub(1, std::memory_order_acq_rel);
  ASSERT(before > 0);
}

std::optional<Instant> ScenarioEnds::end_of(std::size_t scenario) const {
  const End& end = ends_[scenario];
  if (end.parts_left.load(std::memory_order_acquire) > 0) return std::nullopt;
  return Instant(Duration(end.latest_ns.load(std::memory_order_relaxed)));
}

}  // namespace brunt
