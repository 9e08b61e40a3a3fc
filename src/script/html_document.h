// An HTML page as a tree that does not change, read as browsers read it.
//
//   const HtmlDocument page = TRY(HtmlDocument::parse(text));
//   for (std::uint32_t id = page.first_child(0); id != no_node; id = page.next(id)) ...
//
// For this layer only. Nodes are numbered in the order of the document: node 0 is the document, and
// a node's descendants are the numbers from its own to `end`. Depth does not matter: nothing
// recurses. Source: the HTML Standard, section 13.2, by libgumbo.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace brunt {

inline constexpr std::uint32_t no_node = UINT32_MAX;

struct HtmlNode {
  enum class Kind : std::uint8_t { document, element, text, comment } kind = Kind::document;
  std::uint32_t parent = no_node, previous = no_node, next = no_node;  // Siblings.
  std::uint32_t end = 0;  // One beyond the last descendant.
  std::string name;       // Of an element, in lower case.
  std::string text;       // Of a text or a comment.
  std::vector<std::pair<std::string, std::string>> attributes;

  bool is_element() const { return kind == Kind::element; }
  const std::string* attribute(std::string_view wanted) const;  // nullptr: it has none.
};

class HtmlDocument {
 public:
  struct Limits {
    std::size_t bytes_max = 64u << 20u;  // Of the text; its tree takes some ten times as much.
  };

  // What is no HTML is text. Errors: too_large.
  static Result<HtmlDocument> parse(std::string_view text);

  std::uint32_t size() const { return static_cast<std::uint32_t>(nodes_.size()); }
  const HtmlNode& at(std::uint32_t id) const { return nodes_[id]; }
  std::uint32_t first_child(std::uint32_t id) const {
    return id + 1 < nodes_[id].end ? id + 1 : no_node;
  }
  std::uint32_t next(std::uint32_t id) const { return nodes_[id].next; }
  std::uint32_t previous(std::uint32_t id) const { return nodes_[id].previous; }
  std::uint32_t parent(std::uint32_t id) const { return nodes_[id].parent; }

  std::string text(std::uint32_t id) const;        // Of all in it.
  std::string inner_html(std::uint32_t id) const;  // HTML Standard, section 13.3.
  std::string outer_html(std::uint32_t id) const;

 private:
  std::string html(std::uint32_t first, std::uint32_t end) const;

  std::vector<HtmlNode> nodes_;
};

}  // namespace brunt
