#include "fault/fault_runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace brunt {
namespace {

// Faults of one link are independent of each other, those of one service are not.
std::string lane_of(const FaultSpec& spec) {
  return spec.action == FaultAction::link ? spec.target + " " + spec.name : spec.target;
}

}  // namespace

FaultRunner::FaultRunner(Loop& loop, std::span<const FaultSpec> specs,
                         std::span<const PlannedFault> planned, FaultSwitches switches,
                         FaultEvents events)
    : loop_(loop),
      specs_(specs),
      planned_(planned),
      switches_(switches),
      events_(std::move(events)) {}

Result<> FaultRunner::start(FiberGroup& group, Instant load_start) {
  start_ = load_start;
  std::set<std::string> lanes;
  for (const PlannedFault& one : planned_) lanes.insert(lane_of(specs_[one.fault]));
  for (const std::string& lane : lanes)
    TRY(group.spawn("faults", [this, lane](Fiber& self) { serve(self, lane); }));
  return {};
}

void FaultRunner::serve(Fiber& self, const std::string& lane) {
  for (const PlannedFault& one : planned_) {
    if (lane_of(specs_[one.fault]) != lane) continue;
    if (!self.sleep_until(start_ + one.from)) return;
    carry_out(self, one);
    if (self.cancelled()) return;
  }
}

void FaultRunner::carry_out(Fiber& self, const PlannedFault& planned) {
  const FaultSpec& spec = specs_[planned.fault];
  const auto tell = [&](const Error& error, std::string_view what) {
    if (error.code != ErrorCode::cancelled)
      events_.failed(
          fmt::format("faults.{}: {}: {} {}", spec.name, describe(spec), what, error.text));
  };
  const Duration from = loop_.precise_now() - start_;
  if (const Result<> begun = begin(self, spec); !begun)
    return tell(begun.error(), "could not be done:");
  // By its place: other lanes add theirs meanwhile.
  const std::size_t index = bands_.size();
  bands_.push_back({.fault = planned.fault, .from = from});
  events_.began(spec, bands_[index]);
  // Cancelled or not: what was done is undone as far as that needs no waiting.
  (void)self.sleep_until(start_ + planned.to);
  if (const Result<> done = end(self, spec); !done)
    return tell(done.error(), "could not be undone:");
  bands_[index].to = loop_.precise_now() - start_;
  bands_[index].over = true;
  events_.ended(spec, bands_[index]);
}

Result<> FaultRunner::begin(Fiber& self, const FaultSpec& spec) {
  switch (spec.action) {
    case FaultAction::stop:
    case FaultAction::restart:
      return switches_.services->take_down(self, spec.target, Outage::asked);
    case FaultAction::kill:
      return switches_.services->take_down(self, spec.target, Outage::killed);
    case FaultAction::freeze:
      return switches_.services->freeze(spec.target);
    case FaultAction::starve:
      return switches_.services->starve(self, spec.target, spec.starvation);
    case FaultAction::link: {
      Toxic toxic = spec.toxic;
      toxic.name = spec.name;
      return switches_.links->set(self, spec.target, toxic);
    }
  }
  std::unreachable();
}

Result<> FaultRunner::end(Fiber& self, const FaultSpec& spec) {
  switch (spec.action) {
    case FaultAction::stop:
    case FaultAction::restart:
    case FaultAction::kill:
      return switches_.services->bring_back(self, spec.target);
    case FaultAction::freeze:
      switches_.services->thaw(spec.target);
      return {};
    case FaultAction::starve:
      return switches_.services->feed(self, spec.target);
    case FaultAction::link:
      return switches_.links->clear(self, spec.target, spec.name);
  }
  std::unreachable();
}

std::vector<std::string> FaultRunner::in_force() const {
  std::vector<std::string> texts;
  for (const FaultBand& band : bands_)
    if (!band.over) texts.push_back(describe(specs_[band.fault]));
  return texts;
}

}  // namespace brunt
