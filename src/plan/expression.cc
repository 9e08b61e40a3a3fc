#include "plan/expression.h"

#include <utility>

#include "base/assert.h"
#include "plan/expression_eval.h"
#include "plan/expression_functions.h"
#include "plan/expression_parser.h"

namespace brunt {
namespace {

std::uint32_t root(const ExpressionCode& code) {
  return static_cast<std::uint32_t>(code.nodes.size() - 1);
}

}  // namespace

std::expected<Expression, CompileError> Expression::compile(std::string_view source,
                                                            const NameTable& names) {
  ParsedExpression parsed = TRY(parse_expression(source, 0, names));
  if (parsed.end != source.size())
    return std::unexpected(CompileError{"the expression should end here", parsed.end});
  Expression result;
  result.code_ = std::move(parsed.code);
  return result;
}

Result<Json> Expression::evaluate(const Scope& scope) const {
  if (code_.nodes.empty()) return Json();
  return evaluate_node(code_, root(code_), scope);
}

Result<> Expression::append(const Scope& scope, std::string& out) const {
  if (code_.nodes.empty()) return fail(ErrorCode::invalid, "the expression is not set");
  return append_node(code_, root(code_), scope, out);
}

Result<bool> Expression::test(const Scope& scope) const {
  return is_true(TRY(evaluate(scope)));
}

bool Expression::is_constant() const {
  return code_.nodes.empty() || code_.nodes.back().kind == NodeKind::constant;
}

void Expression::collect(Uses& uses) const {
  for (const ExpressionNode& node : code_.nodes) {
    if (node.kind == NodeKind::cell || node.kind == NodeKind::row)
      uses.data_sets.insert(node.index);
    if (node.kind == NodeKind::slot) uses.slots.insert(node.index);
    if (node.kind == NodeKind::service_member) uses.services.insert(node.extra);
  }
}

Template Template::constant(std::string text) {
  Template result;
  result.source_ = text;
  result.tail_ = std::move(text);
  return result;
}

std::expected<Template, CompileError> Template::compile(std::string_view text,
                                                        const NameTable& names) {
  Template result;
  result.source_ = text;
  std::string literal;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t dollar = text.find('$', at);
    literal += text.substr(at, dollar == std::string_view::npos ? dollar : dollar - at);
    if (dollar == std::string_view::npos) break;
    at = dollar + 1;
    if (text.substr(at).starts_with("${")) {
      literal += "${";
      at += 2;
    } else if (text.substr(at).starts_with('{')) {
      ParsedExpression parsed = TRY(parse_expression(text, at + 1, names));
      if (parsed.end >= text.size() || text[parsed.end] != '}')
        return std::unexpected(CompileError{
            parsed.end >= text.size() ? "the } of ${ is missing" : "expected }", parsed.end});
      Expression expression;
      expression.code_ = std::move(parsed.code);
      result.whole_ = dollar == 0 && parsed.end + 1 == text.size();
      at = parsed.end + 1;
      if (expression.is_constant() && !result.whole_) {
        if (const auto folded = expression.append(Scope{}, literal); !folded)
          return std::unexpected(CompileError{folded.error().text, dollar});
      } else {
        result.parts_.push_back({std::exchange(literal, {}), std::move(expression)});
      }
    } else {
      literal += '$';
    }
  }
  result.tail_ = std::move(literal);
  // A whole constant keeps its expression for evaluate() and its text for append(); null has none.
  result.constant_ =
      result.parts_.empty() || (result.whole_ && result.parts_[0].expression.is_constant() &&
                                result.parts_[0].expression.append(Scope{}, result.tail_));
  return result;
}

const std::string& Template::text() const {
  ASSERT(is_constant());
  return tail_;
}

Result<> Template::append(const Scope& scope, std::string& out) const {
  if (is_constant()) {
    out += tail_;
    return {};
  }
  for (const Part& part : parts_) {
    out += part.literal;
    TRY(part.expression.append(scope, out));
  }
  out += tail_;
  return {};
}

Result<std::string> Template::expand(const Scope& scope) const {
  std::string out;
  TRY(append(scope, out));
  return out;
}

Result<Json> Template::evaluate(const Scope& scope) const {
  if (const Expression* expression = whole()) return expression->evaluate(scope);
  return Json(TRY(expand(scope)));
}

void Template::collect(Uses& uses) const {
  for (const Part& part : parts_) part.expression.collect(uses);
}

}  // namespace brunt
