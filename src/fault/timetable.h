// When which fault happens: worked out before the run from what the plan says and a seed. Pure:
// data in, a list of instants out. A rehearsal and a run of the same seed have the same one.
//
//   const std::vector<FaultSpec> faults = {
//       {.name = "smsc-outages", .action = FaultAction::stop, .target = "smsc",
//        .up = {13min, 16min}, .down = {1min, 3min}},
//       {.name = "cold", .action = FaultAction::freeze, .target = "cache",
//        .at = {20s}, .lasts = {5s, 5s}}};
//   for (const PlannedFault& one : TRY(make_timetable(faults, {.end = 4h, .seed = 7}))) ...
//
// Each fault draws from a chance of its own, so that adding one does not move the others. What is
// done to one service never overlaps: fixed times that do are an error (find_overlap); an outage
// that was drawn into another one's time waits until that is over. Faults of links may overlap.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "fault/toxic.h"

namespace brunt {

enum class FaultAction : std::uint8_t {
  stop,     // Asked to end, later started again.
  kill,     // SIGKILL, later started again.
  freeze,   // SIGSTOP, later SIGCONT.
  restart,  // Asked to end, started again at once.
  starve,   // Short of a resource for a while.
  link,     // A toxic on a link for a while.
};

// What a service is to be short of.
struct Starvation {
  std::optional<double> cpu;                 // Of one core: 0.2 is 20 %.
  std::optional<std::uint64_t> memory;       // Bytes, of all its processes.
  std::optional<std::uint64_t> descriptors;  // Of each of its processes.
  bool disk_full = false;                    // Nothing more can be written to its directory.
  friend bool operator==(const Starvation&, const Starvation&) = default;
};

struct FaultSpec {
  std::string name;
  FaultAction action = FaultAction::stop;
  std::string target;  // A service; of a link, "from->to".
  Toxic toxic;         // link: under the fault's own name.
  Starvation starvation;
  // Either a cycle, drawn anew for each round: first up, then down;
  std::optional<DurationRange> up, down;
  // or at fixed times after the start of the load, ascending, each for so long.
  std::vector<Duration> at;
  DurationRange lasts;

  bool is_cycle() const { return up.has_value(); }
  // Whether its times depend on the seed.
  bool is_drawn() const;
};

struct PlannedFault {
  std::uint32_t fault = 0;  // Index of the specs.
  Duration from{}, to{};    // After the start of the load. Equal: brought back at once.
  friend bool operator==(const PlannedFault&, const PlannedFault&) = default;
};

struct TimetableOptions {
  Duration end{};  // Of the load: nothing begins after it, and what goes on is ended by it.
  std::uint64_t seed = 1;
  std::size_t planned_max = 100'000;
};

// Ascending by `from`. Errors: exhausted (more than planned_max: a cycle of no length).
Result<std::vector<PlannedFault>> make_timetable(std::span<const FaultSpec> faults,
                                                 const TimetableOptions& options);

// Two faults at fixed times, or one fault's own times, that may overlap on one service.
struct FaultOverlap {
  std::size_t first = 0, second = 0;  // Indices of the specs; may be the same.
  std::string text;                   // "a (10s to 15s) and b (12s to 14s) overlap"
};
std::optional<FaultOverlap> find_overlap(std::span<const FaultSpec> faults);

// "smsc stopped", "cache frozen", "api->cache cut", "cache with 20% of a core".
std::string describe(const FaultSpec& fault);
// When, as the plan has it: "down 1m..3m after 13m..16m up", "at 10s, 30s for 5s".
std::string describe_times(const FaultSpec& fault);

}  // namespace brunt
