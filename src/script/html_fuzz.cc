// A selector in the first line, a page in the rest: both are read, all nodes are tried and written.
#include <cstdint>

#include "base/assert.h"
#include "script/css_selector.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t line = std::min(input.find('\n'), input.size());
  const auto page = brunt::HtmlDocument::parse(input.substr(std::min(line + 1, input.size())));
  if (!page) return 0;
  const auto selector = brunt::CssSelector::parse(input.substr(0, line));
  for (std::uint32_t id = 0; id < page->size(); ++id) {
    const brunt::HtmlNode& node = page->at(id);
    ASSERT(node.end > id && node.end <= page->size());
    ASSERT(id == 0 || (node.parent < id && page->at(node.parent).end >= node.end));
    if (selector) (void)selector->matches(*page, id);
  }
  (void)page->outer_html(0);
  return 0;
}
