// `${...}`: expressions and the texts they stand in, compiled once when the plan is read.
//
//   const Template target = *Template::compile("/devices/${id}?n=${int(1, 9)}", names);
//   TRY(target.append(scope, out));            // while running: nothing is parsed any more
//
// Grammar, loosest first: c ? a : b | a || b | a && b | == != | < <= > >= | + - | * / % | ! - |
// a.b, a[0], a["b"] | f(x, y) | 12, 1.5, "text", 'text', true, false, null, [a, b], (a).
// `+` joins texts when either side is one. Names and functions: docs/reference/expressions.md.
// `$${` is a plain `${`.
//
// Copyable, immutable once compiled, safe to evaluate from several threads with a Scope each.
// Evaluating takes no allocation for a constant, a slot's text, an integer, uuid() and now() when
// appending to a text that has room.
#pragma once
#include <cstdint>
#include <expected>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "plan/expression_node.h"
#include "plan/names.h"
#include "plan/scope.h"

namespace brunt {

// Why a text does not compile, and at which byte of it.
struct CompileError {
  std::string text;
  std::size_t offset = 0;
};

// What an expression needs, so that the reader can order services and claim rows.
struct Uses {
  std::set<std::uint32_t> services;   // Indices of Plan::services.
  std::set<std::uint32_t> data_sets;  // Indices of Plan::data.
  std::set<std::uint32_t> slots;      // Indices of Scenario::slots.
};

class Expression {
 public:
  Expression() = default;  // null

  // `source` without the `${` and `}`.
  static std::expected<Expression, CompileError> compile(std::string_view source,
                                                         const NameTable& names);

  // Errors: invalid: a division by zero, text where a number is needed, a variable that is not set.
  Result<Json> evaluate(const Scope& scope) const;

  // Appends the value's text: a string bare, anything else as JSON. Errors: as above; also a null,
  // which nobody wants to see in a URL.
  Result<> append(const Scope& scope, std::string& out) const;

  // Whether the value counts as true: all but false, null, 0 and "".
  Result<bool> test(const Scope& scope) const;

  bool is_constant() const;  // The value is the same in every Scope.
  void collect(Uses& uses) const;

 private:
  friend class Template;
  ExpressionCode code_;
};

class Template {
 public:
  Template() = default;  // The constant "".
  static Template constant(std::string text);
  static std::expected<Template, CompileError> compile(std::string_view text,
                                                       const NameTable& names);

  bool is_constant() const { return constant_; }
  bool empty() const { return source_.empty(); }
  // The text, where it is_constant() (asserted).
  const std::string& text() const;
  // As it was written, `${...}` and all.
  const std::string& source() const { return source_; }

  // Errors: as Expression::append.
  Result<> append(const Scope& scope, std::string& out) const;
  Result<std::string> expand(const Scope& scope) const;

  // The value: of a text that is one whole `${...}` with its type kept, else a string.
  Result<Json> evaluate(const Scope& scope) const;

  // The one expression that this text wholly is, or nullptr.
  const Expression* whole() const { return whole_ ? &parts_[0].expression : nullptr; }
  void collect(Uses& uses) const;

 private:
  struct Part {
    std::string literal;  // Goes before the expression.
    Expression expression;
  };
  std::string source_;
  std::string tail_;  // After the last part; the whole text of a constant.
  std::vector<Part> parts_;
  bool constant_ = true;
  bool whole_ = false;  // One `${...}` and nothing else: parts_[0].
};

}  // namespace brunt
