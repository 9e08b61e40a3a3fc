// Text to ExpressionCode: names resolved, constants folded. Only expression.cc calls it.
#pragma once
#include <cstddef>
#include <expected>
#include <string_view>

#include "plan/expression.h"

namespace brunt {

struct ParsedExpression {
  ExpressionCode code;
  std::size_t end = 0;  // The byte after the expression.
};

struct ExpressionLimits {
  std::size_t depth_max = 64;     // Evaluation recurses, on a fiber's stack.
  std::size_t nodes_max = 4'096;  // More is no expression but a program.
};

// Parses one expression from `at` on and stops at the first thing that cannot belong to it.
std::expected<ParsedExpression, CompileError> parse_expression(std::string_view text,
                                                               std::size_t at,
                                                               const NameTable& names);

}  // namespace brunt
