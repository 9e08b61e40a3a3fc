#include "plan/load_fields.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <vector>

namespace brunt {
namespace {

// Source: docs/reference/executors.md.
constexpr std::array fields = {
    LoadField{"start_time", "startTime", ""},
    LoadField{"start_after", "start_after", ""},
    LoadField{"graceful_stop", "gracefulStop", "crpsCR"},
    LoadField{"min_iteration_duration", "minIterationDuration", ""},
    LoadField{"vus", "vus", "cpse"},
    LoadField{"start_vus", "startVUs", "r"},
    LoadField{"graceful_ramp_down", "gracefulRampDown", "r"},
    LoadField{"iterations", "iterations", "ps"},
    LoadField{"ramp_up", "rampUp", "p"},
    LoadField{"max_duration", "maxDuration", "ps"},
    LoadField{"duration", "duration", "cCe"},
    LoadField{"stages", "stages", "rR"},
    LoadField{"rate", "rate", "C"},
    LoadField{"start_rate", "startRate", "R"},
    LoadField{"time_unit", "timeUnit", "CR"},
    LoadField{"pre_allocated_vus", "preAllocatedVUs", "CR"},
    LoadField{"max_vus", "maxVUs", "CRe"},
    LoadField{"arrivals", "arrivals", "CR"},
    LoadField{"arrivals_seed", "arrivalsSeed", "CR"},
    LoadField{"when_busy", "whenBusy", "CR"},
    LoadField{"vu_choice", "vuChoice", "CR"},
    LoadField{"preparation", "preparation", "crpse"},
};

struct KindInitial {
  ExecutorKind kind;
  char initial;
};
constexpr std::array kinds = {
    KindInitial{ExecutorKind::constant_vus, 'c'},
    KindInitial{ExecutorKind::ramping_vus, 'r'},
    KindInitial{ExecutorKind::per_vu_iterations, 'p'},
    KindInitial{ExecutorKind::shared_iterations, 's'},
    KindInitial{ExecutorKind::constant_arrival_rate, 'C'},
    KindInitial{ExecutorKind::ramping_arrival_rate, 'R'},
    KindInitial{ExecutorKind::externally_controlled, 'e'},
};

}  // namespace

std::span<const LoadField> load_fields() {
  return fields;
}

const LoadField* load_field_of_k6(std::string_view k6_name) {
  const auto found = std::ranges::find(fields, k6_name, &LoadField::k6_name);
  return found == fields.end() ? nullptr : &*found;
}

bool belongs(const LoadField& field, ExecutorKind kind) {
  const auto entry = std::ranges::find(kinds, kind, &KindInitial::kind);
  return field.executors.empty() || field.executors.contains(entry->initial);
}

std::string owners_of(const LoadField& field) {
  std::vector<std::string_view> names;
  for (const KindInitial& entry : kinds)
    if (field.executors.contains(entry.initial)) names.push_back(name_of(entry.kind));
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace brunt
