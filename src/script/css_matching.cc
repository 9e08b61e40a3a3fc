// Whether an element is what a selector means; how a selector is read: css_selector.cc.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "script/css_selector.h"

namespace brunt {
namespace {

using Kind = CssTest::Kind;

bool any_matches(const HtmlDocument& page, std::uint32_t id, const CssAlternatives& alternatives);

std::uint32_t element_beside(const HtmlDocument& page, std::uint32_t id, bool after) {
  do {
    id = after ? page.next(id) : page.previous(id);
  } while (id != no_node && !page.at(id).is_element());
  return id;
}

// The place among its siblings, from 1, counted from the front or the back.
std::int64_t place_of(const HtmlDocument& page, std::uint32_t id, Kind kind) {
  const bool from_back = kind == Kind::nth_last || kind == Kind::nth_last_of_type;
  const bool of_type = kind == Kind::nth_of_type || kind == Kind::nth_last_of_type;
  const std::string& name = page.at(id).name;
  std::int64_t place = 1;
  for (std::uint32_t one = element_beside(page, id, from_back); one != no_node;
       one = element_beside(page, one, from_back))
    if (!of_type || page.at(one).name == name) ++place;
  return place;
}

bool is_nth(const CssTest& test, std::int64_t place) {
  const std::int64_t beyond = place - test.offset;
  return test.step == 0 ? beyond == 0 : beyond % test.step == 0 && beyond / test.step >= 0;
}

bool attribute_fits(const CssTest& test, const std::string& given) {
  const std::string lower_given = test.ignores_case ? to_lower(given) : "";
  const std::string lower_value = test.ignores_case ? to_lower(test.value) : "";
  const std::string_view has = test.ignores_case ? lower_given : given;
  const std::string_view wanted = test.ignores_case ? lower_value : test.value;
  switch (test.kind) {
    case Kind::equals:
      return has == wanted;
    case Kind::word: {
      std::string spaced(has);
      std::ranges::replace_if(
          spaced, [](char c) { return c == '\t' || c == '\n' || c == '\r' || c == '\f'; }, ' ');
      const auto words = split(spaced, ' ');
      return !wanted.empty() && std::ranges::find(words, wanted) != words.end();
    }
    case Kind::dashed:
      return has.starts_with(wanted) && (has.size() == wanted.size() || has[wanted.size()] == '-');
    case Kind::begins:
      return !wanted.empty() && has.starts_with(wanted);
    case Kind::ends:
      return !wanted.empty() && has.ends_with(wanted);
    default:
      return !wanted.empty() && has.contains(wanted);
  }
}

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::ranges::find(names, name) != names.end();
}

bool state_fits(const HtmlNode& node, Kind kind) {
  if (kind == Kind::selected) return node.attribute("selected") != nullptr;
  if (kind == Kind::checked)
    return node.attribute(node.name == "option" ? "selected" : "checked") != nullptr;
  const bool is_control = is_one_of(node.name, {"input", "select", "textarea", "button"});
  if (kind == Kind::input) return is_control;
  const bool can_be = is_control || is_one_of(node.name, {"option", "optgroup", "fieldset"});
  return can_be && (node.attribute("disabled") != nullptr) == (kind == Kind::disabled);
}

bool is_empty(const HtmlDocument& page, std::uint32_t id) {
  for (std::uint32_t one = page.first_child(id); one != no_node; one = page.next(one))
    if (page.at(one).kind != HtmlNode::Kind::comment) return false;
  return true;
}

bool has_inside(const HtmlDocument& page, std::uint32_t id, const CssAlternatives& inner) {
  for (std::uint32_t one = id + 1; one < page.at(id).end; ++one)
    if (any_matches(page, one, inner)) return true;
  return false;
}

bool fits(const HtmlDocument& page, std::uint32_t id, const CssTest& test) {
  const HtmlNode& node = page.at(id);
  switch (test.kind) {
    case Kind::tag:
      return node.name == test.name;
    case Kind::has_attribute:
      return node.attribute(test.name) != nullptr;
    case Kind::not_equals: {
      const std::string* given = node.attribute(test.name);
      return given == nullptr || *given != test.value;
    }
    case Kind::nth:
    case Kind::nth_last:
    case Kind::nth_of_type:
    case Kind::nth_last_of_type:
      return is_nth(test, place_of(page, id, test.kind));
    case Kind::only_child:
      return place_of(page, id, Kind::nth) == 1 && place_of(page, id, Kind::nth_last) == 1;
    case Kind::only_of_type:
      return place_of(page, id, Kind::nth_of_type) == 1 &&
             place_of(page, id, Kind::nth_last_of_type) == 1;
    case Kind::is:
      return any_matches(page, id, test.inner);
    case Kind::negation:
      return !any_matches(page, id, test.inner);
    case Kind::has:
      return has_inside(page, id, test.inner);
    case Kind::contains:
      return page.text(id).contains(test.value);
    case Kind::empty:
      return is_empty(page, id);
    case Kind::root:
      return node.parent == 0;
    case Kind::checked:
    case Kind::selected:
    case Kind::disabled:
    case Kind::enabled:
    case Kind::input:
      return state_fits(node, test.kind);
    default: {
      const std::string* given = node.attribute(test.name);
      return given != nullptr && attribute_fits(test, *given);
    }
  }
}

bool compound_matches(const HtmlDocument& page, std::uint32_t id, const CssCompound& compound) {
  return page.at(id).is_element() && std::ranges::all_of(compound.tests, [&](const CssTest& test) {
           return fits(page, id, test);
         });
}

// Whether `id` is what compounds[0..last] mean. As deep as the selector has compounds.
bool chain_matches(const HtmlDocument& page, std::uint32_t id,
                   const std::vector<CssCompound>& compounds, std::size_t last) {
  using Before = CssCompound::Before;
  if (!compound_matches(page, id, compounds[last])) return false;
  if (last == 0) return true;
  const Before before = compounds[last].before;
  const bool is_up = before == Before::descendant || before == Before::child;
  for (;;) {
    id = is_up ? page.parent(id) : element_beside(page, id, false);
    if (id == no_node) return false;
    if (chain_matches(page, id, compounds, last - 1)) return true;
    if (before == Before::child || before == Before::adjacent) return false;
  }
}

bool any_matches(const HtmlDocument& page, std::uint32_t id, const CssAlternatives& alternatives) {
  return std::ranges::any_of(alternatives, [&](const std::vector<CssCompound>& compounds) {
    return chain_matches(page, id, compounds, compounds.size() - 1);
  });
}

}  // namespace

bool CssSelector::matches(const HtmlDocument& page, std::uint32_t id) const {
  return any_matches(page, id, alternatives_);
}

}  // namespace brunt
