#include "run/run_faults.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json.h"

namespace brunt {

std::string event_text(const FaultSpec& spec) {
  return spec.name + ": " + describe(spec);
}

RunFaults::RunFaults(Loop& loop, const Plan& plan, ServiceSwitch& services, LinkSwitch* links,
                     RunFaultsOptions options)
    : loop_(loop),
      options_(std::move(options)),
      specs_(fault_specs(plan)),
      switches_{.services = &services, .links = links} {}

Result<> RunFaults::prepare() {
  planned_ = TRY(make_timetable(specs_, {.end = options_.load_end, .seed = options_.seed}));
  if (options_.machine == RunFaultsOptions::Machine::simulated) return {};
  for (const FaultSpec& spec : specs_)
    if (spec.action == FaultAction::starve)
      if (auto can = check_starvation(spec.starvation); !can)
        return fail_in("faults." + spec.name, std::move(can).error());
  return {};
}

Result<> RunFaults::start(FiberGroup& group, Instant load_start) {
  FaultEvents events{
      .began = [this](const FaultSpec& spec, const FaultBand&) { began(spec); },
      .ended = [this](const FaultSpec& spec, const FaultBand& band) { ended(spec, band); },
      .failed =
          [this](std::string text) {
            options_.warning(text);
            failures_.push_back(std::move(text));
          }};
  runner_.emplace(loop_, specs_, planned_, switches_, std::move(events));
  return runner_->start(group, load_start);
}

void RunFaults::note(const FaultSpec& spec, std::string_view stage) {
  LogLine line{.time = loop_.wall(), .event = "brunt.run.fault", .stage = std::string(stage)};
  line.log_id = spec.name;
  line.metadata = Json(Json::Object{{"target", spec.target}, {"what", describe(spec)}}).dump();
  options_.log(std::move(line));
}

void RunFaults::began(const FaultSpec& spec) {
  options_.phase(fmt::format("fault {}", event_text(spec)));
  note(spec, "start");
}

void RunFaults::ended(const FaultSpec& spec, const FaultBand& band) {
  options_.phase(fmt::format("fault {}: over after {}", event_text(spec),
                             format_duration(band.to - band.from)));
  note(spec, "end");
}

std::vector<RunEvent> RunFaults::planned_events() const {
  std::vector<RunEvent> events;
  for (const PlannedFault& one : planned_)
    events.push_back({.from = one.from,
                      .to = one.to,
                      .kind = EventKind::fault,
                      .text = event_text(specs_[one.fault])});
  return events;
}

std::vector<RunEvent> RunFaults::events(Duration elapsed) const {
  std::vector<RunEvent> events;
  if (!runner_) return events;
  for (const FaultBand& band : runner_->bands())
    events.push_back({.from = band.from,
                      .to = band.over ? band.to : std::max(band.from, elapsed),
                      .kind = EventKind::fault,
                      .text = event_text(specs_[band.fault])});
  return events;
}

bool RunFaults::is_of_fault(std::int64_t second) const {
  if (!runner_) return false;
  const Duration begins = std::chrono::seconds(second), ends = std::chrono::seconds(second + 1);
  return std::ranges::any_of(runner_->bands(), [&](const FaultBand& band) {
    return band.from < ends && (!band.over || band.to + std::chrono::seconds(1) >= begins);
  });
}

std::vector<std::string> RunFaults::in_force() const {
  return runner_ ? runner_->in_force() : std::vector<std::string>();
}

}  // namespace brunt
