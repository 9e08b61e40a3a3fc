// The compiled form of an expression: a tree in one vector, children before parents, the root last.
// Only expression*.cc look inside.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"

namespace brunt {

struct ExpressionFunction;  // A row of the table in expression_functions.cc.

enum class NodeKind : std::uint8_t {
  constant,        // value
  slot,            // index: Scope::slots
  cell,            // index: data set, extra: column
  row,             // index: data set; the whole row as an object, its columns' names in value
  service_member,  // index: Scope::members
  vu,
  vu_in_scenario,
  iteration,
  iteration_in_test,
  scenario,
  reply_member,  // index: a ReplyMember; header and cookie have the name as children[0]
  member,        // children[0], name in value
  element,       // children[0] [ children[1] ]
  call,          // function, children
  list,          // children
  negate,
  logical_not,
  add,
  subtract,
  multiply,
  divide,
  modulo,
  less,
  less_equal,
  greater,
  greater_equal,
  equal,
  not_equal,
  logical_and,
  logical_or,
  conditional,  // children[0] ? children[1] : children[2]
};

enum class ReplyMember : std::uint8_t { status, body, json, duration_ms, size, header, cookie };

struct ExpressionNode {
  NodeKind kind = NodeKind::constant;
  std::uint32_t index = 0;
  std::uint32_t extra = 0;
  const ExpressionFunction* function = nullptr;  // Static storage.
  Json value;  // A constant, or a name for error texts and members.
  std::vector<std::uint32_t> children;
};

struct ExpressionCode {
  std::vector<ExpressionNode> nodes;  // Empty: null.
};

}  // namespace brunt
