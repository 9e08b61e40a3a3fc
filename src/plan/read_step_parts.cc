// What the steps of every protocol have in common: their name, time-out and target.
#include <fmt/format.h>

#include <utility>

#include "plan/read_parts.h"

namespace brunt {

void read_step_name(ReadContext& read, const Field& field, std::string& out) {
  if (read.read(field, out) && out.empty()) read.error(field, "a name cannot be empty");
}

void read_timeout(ReadContext& read, const Field& field, Duration& out) {
  if (read.read(field, out) && out <= Duration::zero())
    read.error(field, "a time-out has to be more than 0");
}

void read_timeout(ReadContext& read, const Field& field, std::optional<Duration>& out) {
  if (!field) return;
  out = std::chrono::seconds(1);
  read_timeout(read, field, *out);
}

bool read_step_target(StepReadContext& context, const Field& field, const StepTarget& step,
                      Template& out) {
  ReadContext& read = context.read;
  if (!field) {
    if (context.scenario.target.empty())
      read.error(step.at, step.step,
                 "the scenario has no target: give it, or this step, a `target:`");
    return false;
  }
  if (!read.read(field, out) || !out.is_constant()) return false;
  const Symbol* symbol = read.names->find(out.text());
  if (symbol == nullptr || !std::holds_alternative<ServiceSymbol>(*symbol)) return true;
  if (auto member =
          Template::compile(fmt::format("${{{}.{}}}", out.text(), step.member), *read.names))
    out = std::move(*member);
  return false;
}

}  // namespace brunt
