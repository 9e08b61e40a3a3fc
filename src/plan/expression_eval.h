// Evaluates the compiled tree. Only expression*.cc call it.
#pragma once
#include "base/json.h"
#include "base/result.h"
#include "plan/expression_node.h"
#include "plan/scope.h"

namespace brunt {

Result<Json> evaluate_node(const ExpressionCode& code, std::uint32_t node, const Scope& scope);

Result<> append_node(const ExpressionCode& code, std::uint32_t node, const Scope& scope,
                     std::string& out);

// Whether nothing in a Scope changes the node's value, given constant children.
bool is_pure(const ExpressionNode& node);

}  // namespace brunt
