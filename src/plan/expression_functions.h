// The functions of expressions: one table, used by the compiler (names, numbers of arguments) and
// the evaluator. docs/reference/expressions.md lists them for people; a test compares the two.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "plan/scope.h"

namespace brunt {

struct ExpressionFunction {
  std::string_view name;
  std::string_view usage;  // "int(low, high)"
  std::uint8_t arguments_min = 0;
  std::uint8_t arguments_max = 0;
  bool pure = false;  // Same arguments, same value: folded when the plan is read.
  Result<Json> (*call)(std::span<const Json> arguments, const Scope& scope) = nullptr;
  // The same without a Json in between, for what stands in most requests; else nullptr.
  Result<> (*append)(std::span<const Json> arguments, const Scope& scope,
                     std::string& out) = nullptr;
};

std::span<const ExpressionFunction> expression_functions();
const ExpressionFunction* find_expression_function(std::string_view name);

// Whether a value counts as true: all but false, null, 0 and "".
bool is_true(const Json& value);

}  // namespace brunt
