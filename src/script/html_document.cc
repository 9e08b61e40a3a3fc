#include "script/html_document.h"

#include <gumbo.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/text.h"

namespace brunt {
namespace {

// What libgumbo allocates for one page, let go at once: its own way recurses as deep as the page.
class Arena {
 public:
  void* allocate(std::size_t size) {
    size = (size + 15) / 16 * 16;
    if (size > block_bytes / 4) return add_block(size);
    if (left_ < size) {
      next_ = add_block(block_bytes);
      left_ = block_bytes;
    }
    char* place = next_;
    next_ += size;
    left_ -= size;
    return place;
  }

 private:
  static constexpr std::size_t block_bytes = 64u << 10u;
  char* add_block(std::size_t size) {
    return blocks_.emplace_back(std::make_unique<char[]>(size)).get();
  }
  std::vector<std::unique_ptr<char[]>> blocks_;
  char* next_ = nullptr;
  std::size_t left_ = 0;
};

void* allocate(void* arena, std::size_t size) {
  return static_cast<Arena*>(arena)->allocate(size);
}
void keep(void*, void*) {}

std::string name_of(const GumboElement& element) {
  if (element.tag != GUMBO_TAG_UNKNOWN) return gumbo_normalized_tagname(element.tag);
  GumboStringPiece piece = element.original_tag;
  gumbo_tag_from_original_text(&piece);
  return to_lower({piece.data, piece.length});
}

const GumboVector* children_of(const GumboNode& node) {
  if (node.type == GUMBO_NODE_DOCUMENT) return &node.v.document.children;
  if (node.type == GUMBO_NODE_ELEMENT || node.type == GUMBO_NODE_TEMPLATE)
    return &node.v.element.children;
  return nullptr;
}

HtmlNode node_of(const GumboNode& from) {
  HtmlNode node;
  if (from.type == GUMBO_NODE_ELEMENT || from.type == GUMBO_NODE_TEMPLATE) {
    node.kind = HtmlNode::Kind::element;
    node.name = name_of(from.v.element);
    for (unsigned i = 0; i < from.v.element.attributes.length; ++i) {
      const auto& attribute =
          *static_cast<const GumboAttribute*>(from.v.element.attributes.data[i]);
      node.attributes.emplace_back(attribute.name, attribute.value);
    }
  } else if (from.type != GUMBO_NODE_DOCUMENT) {
    node.kind = from.type == GUMBO_NODE_COMMENT ? HtmlNode::Kind::comment : HtmlNode::Kind::text;
    node.text = from.v.text.text;
  }
  return node;
}

void append_escaped(std::string& out, std::string_view text, bool in_attribute) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '&') {
      out += "&amp;";
    } else if (c == '\xC2' && text.substr(i).starts_with("\xC2\xA0")) {
      out += "&nbsp;";
      ++i;
    } else if (c == '"' && in_attribute) {
      out += "&quot;";
    } else if ((c == '<' || c == '>') && !in_attribute) {
      out += c == '<' ? "&lt;" : "&gt;";
    } else {
      out += c;
    }
  }
}

bool is_void(std::string_view name) {
  static constexpr std::array<std::string_view, 14> names = {
      "area",  "base", "br",   "col",   "embed",  "hr",    "img",
      "input", "link", "meta", "param", "source", "track", "wbr"};
  return std::ranges::find(names, name) != names.end();
}

// Whose text stands in the page as it is.
bool is_raw(std::string_view name) {
  static constexpr std::array<std::string_view, 7> names = {
      "style", "script", "xmp", "iframe", "noembed", "noframes", "plaintext"};
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

const std::string* HtmlNode::attribute(std::string_view wanted) const {
  for (const auto& [name_here, value] : attributes)
    if (name_here == wanted) return &value;
  return nullptr;
}

Result<HtmlDocument> HtmlDocument::parse(std::string_view text) {
  if (text.size() > Limits{}.bytes_max)
    return fail(ErrorCode::too_large, "the page is too large to be read as HTML");
  Arena arena;
  GumboOptions options = kGumboDefaultOptions;
  options.allocator = allocate;
  options.deallocator = keep;
  options.userdata = &arena;
  options.max_errors = 0;
  const GumboOutput* output = gumbo_parse_with_options(&options, text.data(), text.size());
  HtmlDocument document;
  struct Open {
    const GumboVector* children;
    unsigned next;
    std::uint32_t id;
    std::uint32_t last_child;
  };
  document.nodes_.push_back(node_of(*output->document));
  std::vector<Open> open = {{children_of(*output->document), 0, 0, no_node}};
  while (!open.empty()) {
    Open& parent = open.back();
    if (parent.next == parent.children->length) {
      document.nodes_[parent.id].end = document.size();
      open.pop_back();
      continue;
    }
    const auto& child = *static_cast<const GumboNode*>(parent.children->data[parent.next++]);
    const std::uint32_t id = document.size();
    HtmlNode node = node_of(child);
    node.parent = parent.id;
    node.previous = std::exchange(parent.last_child, id);
    node.end = id + 1;
    if (node.previous != no_node) document.nodes_[node.previous].next = id;
    document.nodes_.push_back(std::move(node));
    if (const GumboVector* children = children_of(child))
      open.push_back({children, 0, id, no_node});
  }
  return document;
}

std::string HtmlDocument::text(std::uint32_t id) const {
  std::string text;
  for (std::uint32_t i = id; i < nodes_[id].end; ++i)
    if (nodes_[i].kind == HtmlNode::Kind::text) text += nodes_[i].text;
  return text;
}

std::string HtmlDocument::html(std::uint32_t first, std::uint32_t end) const {
  std::string out;
  std::vector<std::uint32_t> open;
  for (std::uint32_t id = first; id <= end; ++id) {
    while (!open.empty() && (id == end || nodes_[open.back()].end <= id)) {
      out.append("</").append(nodes_[open.back()].name).append(">");
      open.pop_back();
    }
    if (id == end) break;
    const HtmlNode& node = nodes_[id];
    if (node.kind == HtmlNode::Kind::comment) out.append("<!--").append(node.text).append("-->");
    if (node.kind == HtmlNode::Kind::text) {
      if (node.parent != no_node && is_raw(nodes_[node.parent].name)) {
        out += node.text;
      } else {
        append_escaped(out, node.text, false);
      }
    }
    if (!node.is_element()) continue;
    out.append("<").append(node.name);
    for (const auto& [name, value] : node.attributes) {
      out.append(" ").append(name).append("=\"");
      append_escaped(out, value, true);
      out += '"';
    }
    out += '>';
    if (!is_void(node.name)) open.push_back(id);
  }
  return out;
}

std::string HtmlDocument::inner_html(std::uint32_t id) const {
  return nodes_[id].kind == HtmlNode::Kind::text ? html(id, id + 1) : html(id + 1, nodes_[id].end);
}

std::string HtmlDocument::outer_html(std::uint32_t id) const {
  return html(id, nodes_[id].end);
}

}  // namespace brunt
