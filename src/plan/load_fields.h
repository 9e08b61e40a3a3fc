// Which executors take which of the fields that say a scenario's load: for plans, which write them
// with underscores, and for k6's scripts.
//
//   const LoadField* field = load_field_of_k6("startVUs");
//   belongs(*field, ExecutorKind::constant_vus);   // false
//   owners_of(*field);                             // "ramping-vus"
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "load/scenario_options.h"

namespace brunt {

struct LoadField {
  std::string_view name;
  std::string_view k6_name;
  std::string_view executors;  // Their initials, as the table has them; empty: all.
};

std::span<const LoadField> load_fields();
const LoadField* load_field_of_k6(std::string_view k6_name);  // nullptr: there is none.
bool belongs(const LoadField& field, ExecutorKind kind);
std::string owners_of(const LoadField& field);  // "ramping-vus, ramping-arrival-rate"

}  // namespace brunt
