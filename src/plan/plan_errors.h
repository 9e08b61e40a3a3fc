// All that is wrong with a plan, not only the first thing: one line each, in the order of the file.
//
//   plans/x.yaml:12:5: scenarios.device.executr: unknown key "executr"; did you mean "executor"?
#pragma once
#include <algorithm>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "plan/position.h"

namespace brunt {

struct PlanError {
  Position at;
  std::string text;  // A whole line as shown above, without its end.
};

class PlanErrors {
 public:
  struct Limits {
    std::size_t errors_max = 50;  // Nobody reads more; the rest follows from the first.
  };

  // `source` is the file's name as the user gave it.
  explicit PlanErrors(std::string source) : source_(std::move(source)) {}
  PlanErrors(std::string source, Error error);

  // `path` is the way to it through the keys: "scenarios.device.vus"; "" for the whole file.
  void add(Position at, std::string_view path, std::string_view text);

  bool empty() const { return errors_.empty(); }
  const std::vector<PlanError>& all() const { return errors_; }
  void sort();               // By position.
  std::string text() const;  // A line each, the last one with its end too.
  Error as_error() const;    // `invalid`, all lines in one text.

 private:
  std::string source_;
  std::vector<PlanError> errors_;
};

template <typename T>
using PlanResult = std::expected<T, PlanErrors>;

}  // namespace brunt
