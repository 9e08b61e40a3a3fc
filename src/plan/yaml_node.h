// YAML as plans use it: maps, lists and scalars, each with its line and column; a scalar is only
// its text and whether it was quoted. No tag guesses what `no`, `0x10` or `1:30` might mean.
//
// Duplicate keys are kept (the reader reports them with both places). Anchors and aliases work,
// with a bound on what they may grow to. Merge keys (<<) and several documents in a file are
// refused. Source: YAML 1.2.2; yaml-cpp does the parsing.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "plan/position.h"

namespace brunt {

struct YamlNode {
  enum class Kind { null, scalar, list, map };
  struct Member;

  Kind kind = Kind::null;
  Position at;
  std::string text;             // Of a scalar.
  bool quoted = false;          // 'x' or "x", or a block: certainly a text.
  std::vector<YamlNode> items;  // Of a list.
  std::vector<Member> members;  // Of a map, in the order of the file.

  // The first member of that name, or nullptr.
  const YamlNode* find(std::string_view key) const;
  YamlNode* find(std::string_view key);
  std::string_view kind_name() const;  // "nothing", "a value", "a list", "a map"
};

struct YamlNode::Member {
  std::string key;
  Position at;  // Of the key.
  YamlNode value;
};

struct YamlLimits {
  std::size_t bytes_max = 16u << 20u;
  std::size_t depth_max = 64;       // yaml-cpp recurses; plans nest about ten deep.
  std::size_t nodes_max = 200'000;  // Aliases expanded.
};

struct YamlError {
  Position at;
  std::string text;
};

// An empty text is a null node.
std::expected<YamlNode, YamlError> parse_yaml(std::string_view text, const YamlLimits& limits);

}  // namespace brunt
