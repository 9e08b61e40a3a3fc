#include "fault/timetable.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/prng.h"

namespace brunt {
namespace {

// FNV-1a: the same on every machine, which std::hash need not be.
std::uint64_t stream_of(std::string_view name) {
  std::uint64_t hash = 14'695'981'039'346'656'037U;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211U;
  return hash;
}

std::string range_text(const DurationRange& range) {
  return range.low == range.high ? format_duration(range.low)
                                 : format_duration(range.low) + ".." + format_duration(range.high);
}

class Maker {
 public:
  Maker(std::span<const FaultSpec> faults, const TimetableOptions& options)
      : faults_(faults), options_(options) {}

  Result<std::vector<PlannedFault>> make() {
    // Fixed times first: they are where the plan says; what is drawn goes around them.
    for (std::uint32_t i = 0; i < faults_.size(); ++i)
      if (!faults_[i].is_cycle()) TRY(add_fixed(i));
    for (std::uint32_t i = 0; i < faults_.size(); ++i)
      if (faults_[i].is_cycle()) TRY(add_cycle(i));
    std::ranges::sort(planned_, [](const PlannedFault& a, const PlannedFault& b) {
      return std::pair(a.from, a.fault) < std::pair(b.from, b.fault);
    });
    return std::move(planned_);
  }

 private:
  Result<> add(std::uint32_t fault, Duration from, Duration length) {
    if (from >= options_.end) return {};
    if (planned_.size() >= options_.planned_max)
      return fail(
          ErrorCode::exhausted,
          fmt::format("faults.{}: more than {} outages until {}: its times are too short",
                      faults_[fault].name, options_.planned_max, format_duration(options_.end)));
    planned_.push_back({fault, from, std::min(from + length, options_.end)});
    return {};
  }

  Result<> add_fixed(std::uint32_t index) {
    const FaultSpec& fault = faults_[index];
    Prng chance = Prng(options_.seed).split(stream_of(fault.name));
    for (const Duration at : fault.at)
      TRY(add(index, at, chance.between(fault.lasts.low, fault.lasts.high)));
    return {};
  }

  Result<> add_cycle(std::uint32_t index) {
    const FaultSpec& fault = faults_[index];
    Prng chance = Prng(options_.seed).split(stream_of(fault.name));
    Duration now{};
    for (;;) {
      now += chance.between(fault.up->low, fault.up->high);
      const Duration length = chance.between(fault.down->low, fault.down->high);
      if (fault.action != FaultAction::link) now = after_others(fault.target, now, length);
      if (now >= options_.end) return {};
      TRY(add(index, now, length));
      now += length;
    }
  }

  // The first instant from `from` on at which nothing else is done to this service for `length`.
  Duration after_others(const std::string& target, Duration from, Duration length) const {
    for (bool moved = true; moved;) {
      moved = false;
      for (const PlannedFault& other : planned_) {
        const FaultSpec& spec = faults_[other.fault];
        if (spec.action == FaultAction::link || spec.target != target) continue;
        const bool overlaps = from < other.to && other.from < from + length;
        if (!overlaps && from != other.from) continue;
        // A little later: what was brought back at once has its instant to itself.
        from = std::max(other.to, other.from + std::chrono::milliseconds(1));
        moved = true;
      }
    }
    return from;
  }

  std::span<const FaultSpec> faults_;
  const TimetableOptions& options_;
  std::vector<PlannedFault> planned_;
};

std::string span_text(const FaultSpec& fault, Duration at) {
  return fault.lasts.high == Duration{}
             ? fmt::format("{} at {}", fault.name, format_duration(at))
             : fmt::format("{} from {} to {}", fault.name, format_duration(at),
                           format_duration(at + fault.lasts.high));
}

std::string starvation_text(const Starvation& starvation) {
  std::vector<std::string> parts;
  if (starvation.cpu) parts.push_back(fmt::format("{:.3g}% of a core", *starvation.cpu * 100));
  if (starvation.memory)
    parts.push_back(format_bytes(static_cast<double>(*starvation.memory)) + " of memory");
  if (starvation.descriptors)
    parts.push_back(fmt::format("{} descriptors", *starvation.descriptors));
  if (starvation.disk_full) parts.emplace_back("a full disk");
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string link_text(const Toxic& toxic) {
  switch (toxic.type) {
    case ToxicType::down:
      return "cut";
    case ToxicType::refuse:
      return "refuses";
    case ToxicType::reset_peer:
      return "reset";
    case ToxicType::latency:
      return fmt::format("slowed by {} of round trip", format_duration(2 * toxic.delay));
    case ToxicType::bandwidth:
      return fmt::format("narrowed to {}/s",
                         format_bytes(static_cast<double>(toxic.bytes_a_second)));
    default:
      return std::string(name_of(toxic.type));
  }
}

}  // namespace

bool FaultSpec::is_drawn() const {
  const auto varies = [](const DurationRange& range) { return range.low != range.high; };
  return is_cycle() ? varies(*up) || varies(*down) : varies(lasts);
}

Result<std::vector<PlannedFault>> make_timetable(std::span<const FaultSpec> faults,
                                                 const TimetableOptions& options) {
  return Maker(faults, options).make();
}

std::optional<FaultOverlap> find_overlap(std::span<const FaultSpec> faults) {
  struct Window {
    std::size_t fault;
    Duration from, to;
  };
  std::vector<Window> windows;
  for (std::size_t i = 0; i < faults.size(); ++i)
    for (const Duration at : faults[i].at) windows.push_back({i, at, at + faults[i].lasts.high});
  std::ranges::stable_sort(windows, {}, &Window::from);
  for (std::size_t i = 0; i < windows.size(); ++i) {
    for (std::size_t k = i + 1; k < windows.size(); ++k) {
      const Window &a = windows[i], &b = windows[k];
      const FaultSpec &first = faults[a.fault], &second = faults[b.fault];
      if (b.from >= a.to && b.from != a.from) break;
      // Links bear several faults at a time, but not the same one twice.
      const bool same_service = first.action != FaultAction::link &&
                                second.action != FaultAction::link && first.target == second.target;
      if (!same_service && a.fault != b.fault) continue;
      return FaultOverlap{a.fault, b.fault,
                          fmt::format("{} and {} overlap on {}", span_text(first, a.from),
                                      span_text(second, b.from), first.target)};
    }
  }
  return std::nullopt;
}

std::string describe(const FaultSpec& fault) {
  switch (fault.action) {
    case FaultAction::stop:
      return fault.target + " stopped";
    case FaultAction::kill:
      return fault.target + " killed";
    case FaultAction::freeze:
      return fault.target + " frozen";
    case FaultAction::restart:
      return fault.target + " restarted";
    case FaultAction::starve:
      return fault.target + " with " + starvation_text(fault.starvation);
    case FaultAction::link:
      return fault.target + " " + link_text(fault.toxic);
  }
  std::unreachable();
}

std::string describe_times(const FaultSpec& fault) {
  if (fault.is_cycle())
    return fmt::format("{} down after {} up, again and again", range_text(*fault.down),
                       range_text(*fault.up));
  std::vector<std::string> times;
  for (const Duration at : fault.at) times.push_back(format_duration(at));
  const std::string text = fmt::format("at {}", fmt::join(times, ", "));
  return fault.lasts.high == Duration{} ? text : text + " for " + range_text(fault.lasts);
}

}  // namespace brunt
