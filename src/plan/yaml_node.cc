#include "plan/yaml_node.h"

#include <fmt/format.h>
#include <yaml-cpp/anchor.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <optional>
#include <sstream>
#include <utility>

namespace brunt {
namespace {

Position position_of(const YAML::Mark& mark) {
  if (mark.line < 0) return {1, 1};
  return {static_cast<std::uint32_t>(mark.line) + 1, static_cast<std::uint32_t>(mark.column) + 1};
}

// Builds our tree from the parser's events. Errors are thrown as the parser's own are, and caught
// with them in parse_yaml.
class Builder final : public YAML::EventHandler {
 public:
  explicit Builder(const YamlLimits& limits) : limits_(limits) {}

  YamlNode take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (seen_) throw YAML::ParserException(mark, "a plan file holds one document, not several");
    seen_ = true;
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    put(mark, anchor, make(YamlNode::Kind::null, mark));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode node = make(YamlNode::Kind::scalar, mark);
    node.text = value;
    node.quoted = tag == "!";
    put(mark, anchor, std::move(node));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end())
      throw YAML::ParserException(mark, "an alias within its own anchor");
    count(found->second, mark);
    put(mark, 0, found->second);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, anchor, YamlNode::Kind::list);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, anchor, YamlNode::Kind::map);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Level {
    YamlNode node;
    YAML::anchor_t anchor = 0;
    YAML::Mark mark;
    std::optional<YamlNode::Member> member;  // A key that waits for its value.
  };

  static YamlNode make(YamlNode::Kind kind, const YAML::Mark& mark) {
    YamlNode node;
    node.kind = kind;
    node.at = position_of(mark);
    return node;
  }

  void open(const YAML::Mark& mark, YAML::anchor_t anchor, YamlNode::Kind kind) {
    if (levels_.size() >= limits_.depth_max)
      throw YAML::ParserException(
          mark, fmt::format("the file nests deeper than {} levels", limits_.depth_max));
    if (is_key()) throw YAML::ParserException(mark, "a key has to be plain text");
    levels_.push_back({make(kind, mark), anchor, mark, std::nullopt});
  }

  void close() {
    Level level = std::move(levels_.back());
    levels_.pop_back();
    put(level.mark, level.anchor, std::move(level.node));
  }

  bool is_key() const {
    return !levels_.empty() && levels_.back().node.kind == YamlNode::Kind::map &&
           !levels_.back().member;
  }

  void count(const YamlNode& node, const YAML::Mark& mark) {
    if (++nodes_ > limits_.nodes_max)
      throw YAML::ParserException(mark, "the file grows too large through its aliases");
    for (const YamlNode& item : node.items) count(item, mark);
    for (const YamlNode::Member& member : node.members) count(member.value, mark);
  }

  void put(const YAML::Mark& mark, YAML::anchor_t anchor, YamlNode node) {
    if (++nodes_ > limits_.nodes_max) throw YAML::ParserException(mark, "the file is too large");
    if (anchor != 0) {
      count(node, mark);
      anchors_[anchor] = node;
    }
    if (levels_.empty()) {
      root_ = std::move(node);
      return;
    }
    Level& level = levels_.back();
    if (level.node.kind == YamlNode::Kind::list) {
      level.node.items.push_back(std::move(node));
    } else if (level.member) {
      level.member->value = std::move(node);
      level.node.members.push_back(std::move(*level.member));
      level.member.reset();
    } else {
      take_key(mark, std::move(node));
    }
  }

  void take_key(const YAML::Mark& mark, YamlNode node) {
    if (node.kind == YamlNode::Kind::null)
      node.text = "null";
    else if (node.kind != YamlNode::Kind::scalar)
      throw YAML::ParserException(mark, "a key has to be plain text");
    if (node.text == "<<")
      throw YAML::ParserException(mark, "merge keys (<<) are not supported: repeat what you need");
    levels_.back().member.emplace(YamlNode::Member{std::move(node.text), node.at, {}});
  }

  YamlLimits limits_;
  YamlNode root_;
  bool seen_ = false;
  std::size_t nodes_ = 0;
  std::vector<Level> levels_;
  std::map<YAML::anchor_t, YamlNode> anchors_;
};

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
  for (const Member& member : members)
    if (member.key == key) return &member.value;
  return nullptr;
}

YamlNode* YamlNode::find(std::string_view key) {
  for (Member& member : members)
    if (member.key == key) return &member.value;
  return nullptr;
}

std::string_view YamlNode::kind_name() const {
  switch (kind) {
    case Kind::null:
      return "nothing";
    case Kind::scalar:
      return "a value";
    case Kind::list:
      return "a list";
    case Kind::map:
      return "a map";
  }
  return "nothing";
}

namespace {

// The parser's words, and the usual cause where it does not name it: a tab where spaces belong.
YamlError explained(const YAML::Exception& error, std::string_view text) {
  YamlError result{position_of(error.mark), error.msg};
  std::size_t start = 0;
  for (std::uint32_t line = 1; line < result.at.line && start != std::string_view::npos; ++line) {
    start = text.find('\n', start);
    if (start != std::string_view::npos) ++start;
  }
  if (start == std::string_view::npos) return result;
  const std::string_view line = text.substr(start, text.find('\n', start) - start);
  if (line.substr(0, line.find_first_not_of(" \t")).contains('\t'))
    result.text += "; YAML indents with spaces, not tabs";
  return result;
}

}  // namespace

std::expected<YamlNode, YamlError> parse_yaml(std::string_view text, const YamlLimits& limits) {
  if (text.size() > limits.bytes_max)
    return std::unexpected(
        YamlError{{1, 1}, fmt::format("the file is larger than {} MiB", limits.bytes_max >> 20U)});
  Builder builder(limits);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    return std::unexpected(explained(error, text));
  } catch (const std::exception& error) {
    return std::unexpected(YamlError{{1, 1}, error.what()});
  }
  return builder.take();
}

}  // namespace brunt
