#include "plan/plan_errors.h"

#include <fmt/format.h>

#include <cstdint>

namespace brunt {

PlanErrors::PlanErrors(std::string source, Error error) : source_(std::move(source)) {
  errors_.push_back({{}, std::move(error.text)});
}

void PlanErrors::add(Position at, std::string_view path, std::string_view text) {
  if (errors_.size() == Limits{}.errors_max)
    errors_.push_back({{UINT32_MAX, 0}, source_ + ": there are more errors; mend these first"});
  if (errors_.size() > Limits{}.errors_max) return;
  std::string line = source_;
  if (at.line != 0) line += fmt::format(":{}:{}", at.line, at.column);
  if (!path.empty()) line += fmt::format(": {}", path);
  line += fmt::format(": {}", text);
  errors_.push_back({at, std::move(line)});
}

void PlanErrors::sort() {
  const auto before = [](const PlanError& a, const PlanError& b) {
    return std::pair(a.at.line, a.at.column) < std::pair(b.at.line, b.at.column);
  };
  // By insertion: there are few, and errors of one place have to stay in their order.
  for (auto error = errors_.begin(); error != errors_.end(); ++error)
    std::rotate(std::upper_bound(errors_.begin(), error, *error, before), error, error + 1);
}

std::string PlanErrors::text() const {
  std::string result;
  for (const PlanError& error : errors_) result += error.text + "\n";
  return result;
}

Error PlanErrors::as_error() const {
  std::string lines = text();
  if (!lines.empty()) lines.pop_back();
  return {ErrorCode::invalid, std::move(lines)};
}

}  // namespace brunt
