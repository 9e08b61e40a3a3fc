// CSS selectors over an HtmlDocument.
//
//   const CssSelector selector = TRY(CssSelector::parse("ul > li:nth-child(2) a[href^='/']"));
//   if (selector.matches(page, id)) ...
//
// For this layer only. Source: Selectors Level 4 (w3.org/TR/selectors-4), of which what says
// nothing about a user's doings; and what jQuery adds: [name!=value], :contains(), :has(), :input,
// :checked, :selected, :disabled, :enabled.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "script/html_document.h"

namespace brunt {

struct CssCompound;
using CssAlternatives = std::vector<std::vector<CssCompound>>;  // a b, c: two of them.

struct CssTest {
  enum class Kind : std::uint8_t {
    tag,
    has_attribute,
    equals,
    not_equals,
    word,
    dashed,
    begins,
    ends,
    holds,
    nth,
    nth_last,
    nth_of_type,
    nth_last_of_type,
    only_child,
    only_of_type,
    is,
    negation,
    has,
    contains,
    empty,
    root,
    checked,
    selected,
    disabled,
    enabled,
    input
  } kind = Kind::tag;
  std::string name, value;
  bool ignores_case = false;
  std::int32_t step = 0, offset = 0;  // Of an+b.
  CssAlternatives inner;
};

struct CssCompound {
  enum class Before : std::uint8_t {
    descendant,
    child,
    adjacent,
    sibling
  } before = Before::descendant;  // How it stands to the one in front of it.
  std::vector<CssTest> tests;
};

class CssSelector {
 public:
  struct Limits {
    std::size_t bytes_max = 4'096;
    std::size_t compounds_max = 16;  // Of one alternative: each may walk the page's depth.
    int depth_max = 4;               // Of :not(:has(...)).
  };

  // Errors: invalid, with the place.
  static Result<CssSelector> parse(std::string_view text);
  bool matches(const HtmlDocument& page, std::uint32_t id) const;

 private:
  CssAlternatives alternatives_;
};

}  // namespace brunt
