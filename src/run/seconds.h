// Collects what all generators did in each second, merges it, and closes a second when the last of
// them has delivered it.
//
//   Seconds seconds(plan.name, generators);
//   for (ClosedSecond& closed : seconds.take(std::move(second))) ledger.append(...)
//
// Belongs to the conductor's thread.
#pragma once
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "metrics/totals.h"
#include "record/run_record.h"
#include "run/generator.h"
#include "run/progress.h"

namespace brunt {

struct ClosedSecond {
  std::int64_t second = 0;
  std::vector<SecondRow> rows;  // Valid as long as the Seconds.
};

struct VuCount {
  std::uint64_t active = 0, there = 0;
};

class Seconds {
 public:
  explicit Seconds(std::uint32_t generators);

  // Merges; gives the seconds that are complete now, in their order. Errors: those of
  // Totals::merge.
  Result<std::vector<ClosedSecond>> take(const GeneratorSecond& second);

  // Recorders beside those of the generators.
  enum class Aside : std::uint32_t { watch, script };
  // What was measured beside the generators, in a second that is not closed yet (in a later one it
  // counts for the next). Errors: those of Totals::merge.
  Result<> take_aside(const Snapshot& snapshot, Aside recorder = Aside::watch);
  // The number of such a recorder among those of the generators.
  std::uint32_t origin_of(Aside recorder) const {
    return static_cast<std::uint32_t>(origins_.size()) + static_cast<std::uint32_t>(recorder);
  }

  // Closes every second up to this one, and at least one more: for what was measured aside after
  // the load. REQUIRES: all generators have ended.
  std::vector<ClosedSecond> close_rest(std::int64_t second) {
    return close_until(std::max(second, closed_ + 1));
  }

  // What the live view shows after these seconds. `elapsed` is the caller's.
  Progress progress(const Plan& plan, std::span<const ClosedSecond> closed);

  const Totals& totals() const { return totals_; }
  bool all_ended() const;

  // Over all generators, as last heard.
  std::vector<ScenarioInfo> scenarios(const Plan& plan) const;
  std::vector<CheckResult> checks() const;
  VuCount vus(std::size_t unit) const;  // Of load_units().

 private:
  struct Origin {
    std::int64_t delivered = -1;
    bool ended = false;
    std::vector<ScenarioProgress> progress;
    double cpu = 0;
  };

  std::vector<ClosedSecond> close_until(std::int64_t second);

  Totals totals_;
  std::vector<Origin> origins_;
  std::int64_t closed_ = -1;
  std::uint64_t requests_ = 0, messages_ = 0, failed_ = 0;
};

}  // namespace brunt
