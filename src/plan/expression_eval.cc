#include "plan/expression_eval.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <iterator>
#include <limits>
#include <memory>

#include "base/assert.h"
#include "plan/expression_functions.h"
#include "plan/reply_view.h"

namespace brunt {
namespace {

using Id = std::uint32_t;

// The child of an object or list by an evaluated index; null where there is none.
const Json* child_of(const Json& parent, const Json& index) {
  if (parent.is_object() && index.is_string()) return parent.find(index.string());
  if (!parent.is_array() || !index.is_integer()) return nullptr;
  const auto size = static_cast<std::int64_t>(parent.array().size());
  const std::int64_t at = index.integer() < 0 ? index.integer() + size : index.integer();
  return at >= 0 && at < size ? &parent.array()[static_cast<std::size_t>(at)] : nullptr;
}

const Json& null_value() {
  static const Json null;
  return null;
}

// The value where it already stands, for what is only read from the scope: no copy. nullptr: it has
// to be made.
const Json* peek(const ExpressionCode& code, Id id, const Scope& scope) {
  const ExpressionNode& node = code.nodes[id];
  switch (node.kind) {
    case NodeKind::constant:
      return &node.value;
    case NodeKind::slot:
      ASSERT(node.index < scope.slots.size());
      return &scope.slots[node.index];
    case NodeKind::cell:
      ASSERT(node.index < scope.rows.size());
      return scope.rows[node.index] == nullptr ? &null_value()
                                               : scope.rows[node.index] + node.extra;
    case NodeKind::member: {
      const Json* parent = peek(code, node.children[0], scope);
      if (parent == nullptr || parent->is_null()) return nullptr;
      const Json* found = parent->find(node.value.string());
      return found == nullptr ? &null_value() : found;
    }
    case NodeKind::element: {
      const Json* parent = peek(code, node.children[0], scope);
      const Json* index = peek(code, node.children[1], scope);
      if (parent == nullptr || index == nullptr || parent->is_null()) return nullptr;
      const Json* found = child_of(*parent, *index);
      return found == nullptr ? &null_value() : found;
    }
    default:
      return nullptr;
  }
}

// What a null is called in an error text.
std::string_view name_of(const ExpressionCode& code, Id id) {
  const ExpressionNode& node = code.nodes[id];
  const bool named =
      node.kind == NodeKind::slot || node.kind == NodeKind::cell || node.kind == NodeKind::member;
  return named ? std::string_view(node.value.string()) : std::string_view("the expression");
}

Result<Json> evaluate_row(const ExpressionNode& node, const Scope& scope) {
  ASSERT(node.index < scope.rows.size());
  const Json* cells = scope.rows[node.index];
  if (cells == nullptr) return Json();
  Json row{Json::Object()};
  for (const Json& column : node.value.array()) row.set(column.string(), *cells++);
  return row;
}

Result<Json> evaluate_service(const ExpressionNode& node, const Scope& scope) {
  ASSERT(node.index < scope.members.size());
  const std::string& value = scope.members[node.index];
  if (value.empty())
    return fail(ErrorCode::invalid, fmt::format("the service has no {}", node.value.string()));
  return Json(value);
}

Result<Json> evaluate_reply(const ExpressionCode& code, const ExpressionNode& node,
                            const Scope& scope) {
  if (scope.reply == nullptr) return fail(ErrorCode::invalid, "there is no response here");
  ReplyView& reply = *scope.reply;
  switch (static_cast<ReplyMember>(node.index)) {
    case ReplyMember::status:
      return Json(reply.status());
    case ReplyMember::body:
      return Json(reply.body());
    case ReplyMember::json:
      return reply.json() == nullptr ? Json() : *reply.json();
    case ReplyMember::duration_ms:
      return Json(std::chrono::duration<double, std::milli>(reply.duration()).count());
    case ReplyMember::size:
      return Json(static_cast<std::int64_t>(reply.body().size()));
    case ReplyMember::header:
    case ReplyMember::cookie:
      break;
  }
  const std::string name = TRY(evaluate_node(code, node.children[0], scope)).text();
  const bool header = static_cast<ReplyMember>(node.index) == ReplyMember::header;
  const auto value = header ? reply.header(name) : reply.cookie(name);
  return value ? Json(*value) : Json();
}

Result<Json> evaluate_member(const ExpressionCode& code, Id id, const Scope& scope) {
  const ExpressionNode& node = code.nodes[id];
  const Json parent = TRY(evaluate_node(code, node.children[0], scope));
  if (parent.is_null())
    return fail(ErrorCode::invalid, fmt::format("{} is not set", name_of(code, node.children[0])));
  const Json index = node.kind == NodeKind::member
                         ? node.value
                         : TRY(evaluate_node(code, node.children[1], scope));
  const Json* found = child_of(parent, index);
  return found == nullptr ? Json() : *found;
}

// Calls with what stands in the arguments; few fit on the stack.
template <typename Use>
auto with_arguments(const ExpressionCode& code, const ExpressionNode& node, const Scope& scope,
                    Use use) -> decltype(use(std::span<const Json>())) {
  constexpr std::size_t few = 3;
  std::array<Json, few> on_stack;
  std::vector<Json> on_heap;
  if (node.children.size() > few) on_heap.resize(node.children.size());
  const std::span<Json> arguments(node.children.size() > few ? on_heap.data() : on_stack.data(),
                                  node.children.size());
  for (std::size_t i = 0; i < arguments.size(); ++i)
    arguments[i] = TRY(evaluate_node(code, node.children[i], scope));
  return use(std::span<const Json>(arguments));
}

Result<> ready_to_call(const ExpressionNode& node, const Scope& scope) {
  if (node.function->pure || scope.prng != nullptr) return {};
  return fail(ErrorCode::invalid,
              fmt::format("{}() is not known before the run", node.function->name));
}

Result<Json> evaluate_call(const ExpressionCode& code, const ExpressionNode& node,
                           const Scope& scope) {
  TRY(ready_to_call(node, scope));
  return with_arguments(code, node, scope, [&](std::span<const Json> arguments) {
    return node.function->call(arguments, scope);
  });
}

Result<Json> evaluate_list(const ExpressionCode& code, const ExpressionNode& node,
                           const Scope& scope) {
  Json::Array elements;
  for (const Id child : node.children) elements.push_back(TRY(evaluate_node(code, child, scope)));
  return Json(std::move(elements));
}

std::string_view sign_of(NodeKind kind) {
  switch (kind) {
    case NodeKind::add:
      return "+";
    case NodeKind::subtract:
    case NodeKind::negate:
      return "-";
    case NodeKind::multiply:
      return "*";
    case NodeKind::divide:
      return "/";
    case NodeKind::modulo:
      return "%";
    case NodeKind::less:
      return "<";
    case NodeKind::less_equal:
      return "<=";
    case NodeKind::greater:
      return ">";
    default:
      return ">=";
  }
}

Result<Json> whole_arithmetic(NodeKind kind, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  const bool minus_one = b == -1;  // The least integer has no opposite.
  switch (kind) {
    case NodeKind::add:
      if (!__builtin_add_overflow(a, b, &result)) return Json(result);
      return Json(static_cast<double>(a) + static_cast<double>(b));
    case NodeKind::subtract:
      if (!__builtin_sub_overflow(a, b, &result)) return Json(result);
      return Json(static_cast<double>(a) - static_cast<double>(b));
    case NodeKind::multiply:
      if (!__builtin_mul_overflow(a, b, &result)) return Json(result);
      return Json(static_cast<double>(a) * static_cast<double>(b));
    case NodeKind::modulo:
      return Json(minus_one ? 0 : a % b);
    default:
      if (!minus_one && a % b == 0) return Json(a / b);
      return Json(static_cast<double>(a) / static_cast<double>(b));
  }
}

Result<Json> arithmetic(NodeKind kind, const Json& a, const Json& b) {
  if (kind == NodeKind::add && (a.is_string() || b.is_string())) {
    if (a.is_null() || b.is_null())
      return fail(ErrorCode::invalid, "one side of + is null: is the variable set?");
    return Json(a.text() + b.text());
  }
  if (!a.is_number() || !b.is_number())
    return fail(ErrorCode::invalid,
                fmt::format("{} needs numbers, not a {} and a {}; number() makes one of a text",
                            sign_of(kind), a.kind(), b.kind()));
  if ((kind == NodeKind::divide || kind == NodeKind::modulo) && b.number() == 0)
    return fail(ErrorCode::invalid, "division by zero");
  if (a.is_integer() && b.is_integer()) return whole_arithmetic(kind, a.integer(), b.integer());
  switch (kind) {
    case NodeKind::add:
      return Json(a.number() + b.number());
    case NodeKind::subtract:
      return Json(a.number() - b.number());
    case NodeKind::multiply:
      return Json(a.number() * b.number());
    case NodeKind::divide:
      return Json(a.number() / b.number());
    default:
      return Json(std::fmod(a.number(), b.number()));
  }
}

template <typename T>
bool ordered(NodeKind kind, const T& a, const T& b) {
  switch (kind) {
    case NodeKind::less:
      return a < b;
    case NodeKind::less_equal:
      return a <= b;
    case NodeKind::greater:
      return a > b;
    default:
      return a >= b;
  }
}

Result<Json> compare(NodeKind kind, const Json& a, const Json& b) {
  if (kind == NodeKind::equal || kind == NodeKind::not_equal) {
    const bool numbers = a.is_number() && b.is_number();
    const bool same = numbers ? a.number() == b.number() : a == b;
    return Json(same == (kind == NodeKind::equal));
  }
  if (a.is_integer() && b.is_integer()) return Json(ordered(kind, a.integer(), b.integer()));
  if (a.is_number() && b.is_number()) return Json(ordered(kind, a.number(), b.number()));
  if (a.is_string() && b.is_string()) return Json(ordered(kind, a.string(), b.string()));
  return fail(ErrorCode::invalid,
              fmt::format("{} cannot compare a {} with a {}; number() makes one of a text",
                          sign_of(kind), a.kind(), b.kind()));
}

Result<Json> evaluate_negate(const ExpressionCode& code, const ExpressionNode& node,
                             const Scope& scope) {
  const Json value = TRY(evaluate_node(code, node.children[0], scope));
  return arithmetic(NodeKind::subtract, Json(0), value);
}

Result<Json> evaluate_binary(const ExpressionCode& code, const ExpressionNode& node,
                             const Scope& scope) {
  const Json left = TRY(evaluate_node(code, node.children[0], scope));
  const Json right = TRY(evaluate_node(code, node.children[1], scope));
  const bool computes = node.kind >= NodeKind::add && node.kind <= NodeKind::modulo;
  return computes ? arithmetic(node.kind, left, right) : compare(node.kind, left, right);
}

Result<bool> test_node(const ExpressionCode& code, Id id, const Scope& scope) {
  return is_true(TRY(evaluate_node(code, id, scope)));
}

Result<Json> evaluate_logical(const ExpressionCode& code, const ExpressionNode& node,
                              const Scope& scope) {
  const bool left = TRY(test_node(code, node.children[0], scope));
  if (node.kind == NodeKind::logical_not) return Json(!left);
  if (left == (node.kind == NodeKind::logical_or)) return Json(left);
  return Json(TRY(test_node(code, node.children[1], scope)));
}

Result<Json> evaluate_conditional(const ExpressionCode& code, const ExpressionNode& node,
                                  const Scope& scope) {
  const bool yes = TRY(test_node(code, node.children[0], scope));
  return evaluate_node(code, node.children[yes ? 1 : 2], scope);
}

bool is_number_of_scope(NodeKind kind) {
  return kind == NodeKind::vu || kind == NodeKind::vu_in_scenario || kind == NodeKind::iteration ||
         kind == NodeKind::iteration_in_test;
}

// REQUIRES: is_number_of_scope(kind).
std::uint64_t number_in(const Scope& scope, NodeKind kind) {
  if (kind == NodeKind::vu) return scope.vu;
  if (kind == NodeKind::vu_in_scenario) return scope.vu_in_scenario;
  return kind == NodeKind::iteration ? scope.iteration : scope.iteration_in_test;
}

void append_integer(std::uint64_t value, std::string& out) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out.append(digits.data(), end.ptr);
}

Result<> append_json(const Json& value, std::string_view name, std::string& out) {
  if (value.is_null()) return fail(ErrorCode::invalid, fmt::format("{} is not set", name));
  if (value.is_string())
    out += value.string();
  else
    value.append_to(out);
  return {};
}

}  // namespace

bool is_pure(const ExpressionNode& node) {
  switch (node.kind) {
    case NodeKind::slot:
    case NodeKind::cell:
    case NodeKind::row:
    case NodeKind::service_member:
    case NodeKind::vu:
    case NodeKind::vu_in_scenario:
    case NodeKind::iteration:
    case NodeKind::iteration_in_test:
    case NodeKind::scenario:
    case NodeKind::reply_member:
      return false;
    case NodeKind::call:
      return node.function->pure;
    default:
      return true;
  }
}

Result<Json> evaluate_node(const ExpressionCode& code, std::uint32_t id, const Scope& scope) {
  if (const Json* there = peek(code, id, scope)) return *there;
  const ExpressionNode& node = code.nodes[id];
  switch (node.kind) {
    case NodeKind::row:
      return evaluate_row(node, scope);
    case NodeKind::service_member:
      return evaluate_service(node, scope);
    case NodeKind::vu:
    case NodeKind::vu_in_scenario:
    case NodeKind::iteration:
    case NodeKind::iteration_in_test:
      return Json(number_in(scope, node.kind));
    case NodeKind::scenario:
      return Json(scope.scenario);
    case NodeKind::reply_member:
      return evaluate_reply(code, node, scope);
    case NodeKind::member:
    case NodeKind::element:
      return evaluate_member(code, id, scope);
    case NodeKind::call:
      return evaluate_call(code, node, scope);
    case NodeKind::list:
      return evaluate_list(code, node, scope);
    case NodeKind::negate:
      return evaluate_negate(code, node, scope);
    case NodeKind::logical_not:
    case NodeKind::logical_and:
    case NodeKind::logical_or:
      return evaluate_logical(code, node, scope);
    case NodeKind::conditional:
      return evaluate_conditional(code, node, scope);
    default:
      return evaluate_binary(code, node, scope);
  }
}

Result<> append_node(const ExpressionCode& code, std::uint32_t id, const Scope& scope,
                     std::string& out) {
  const ExpressionNode& node = code.nodes[id];
  if (const Json* there = peek(code, id, scope)) return append_json(*there, name_of(code, id), out);
  if (is_number_of_scope(node.kind)) {
    append_integer(number_in(scope, node.kind), out);
    return {};
  }
  if (node.kind == NodeKind::service_member && !scope.members[node.index].empty()) {
    out += scope.members[node.index];
    return {};
  }
  if (node.kind == NodeKind::call && node.function->append != nullptr) {
    TRY(ready_to_call(node, scope));
    return with_arguments(code, node, scope, [&](std::span<const Json> arguments) {
      return node.function->append(arguments, scope, out);
    });
  }
  return append_json(TRY(evaluate_node(code, id, scope)), name_of(code, id), out);
}

}  // namespace brunt
