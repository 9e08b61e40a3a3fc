#include "script/css_selector.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/text.h"

namespace brunt {
namespace {

using Kind = CssTest::Kind;

struct PseudoClass {
  std::string_view name;
  Kind kind;
  enum class Takes : std::uint8_t { nothing, selector, text, place } takes = Takes::nothing;
  std::int32_t offset = 0;  // Of those that are an nth in other words.
};
using Takes = PseudoClass::Takes;
constexpr std::array<PseudoClass, 24> pseudo_classes = {{
    {"first-child", Kind::nth, Takes::nothing, 1},
    {"last-child", Kind::nth_last, Takes::nothing, 1},
    {"first-of-type", Kind::nth_of_type, Takes::nothing, 1},
    {"last-of-type", Kind::nth_last_of_type, Takes::nothing, 1},
    {"nth-child", Kind::nth, Takes::place},
    {"nth-last-child", Kind::nth_last, Takes::place},
    {"nth-of-type", Kind::nth_of_type, Takes::place},
    {"nth-last-of-type", Kind::nth_last_of_type, Takes::place},
    {"only-child", Kind::only_child},
    {"only-of-type", Kind::only_of_type},
    {"is", Kind::is, Takes::selector},
    {"matches", Kind::is, Takes::selector},
    {"where", Kind::is, Takes::selector},
    {"any", Kind::is, Takes::selector},
    {"not", Kind::negation, Takes::selector},
    {"has", Kind::has, Takes::selector},
    {"contains", Kind::contains, Takes::text},
    {"empty", Kind::empty},
    {"root", Kind::root},
    {"checked", Kind::checked},
    {"selected", Kind::selected},
    {"disabled", Kind::disabled},
    {"enabled", Kind::enabled},
    {"input", Kind::input},
}};

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<CssAlternatives> all() {
    CssAlternatives alternatives = TRY(list(0));
    if (!at_end()) return wrong("this cannot stand here");
    return alternatives;
  }

 private:
  bool at_end() const { return at_ == text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[at_]; }
  bool take(char wanted) {
    if (at_end() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  bool skip_blanks() {
    const std::size_t before = at_;
    while (!at_end() && is_blank(text_[at_])) ++at_;
    return at_ > before;
  }
  std::unexpected<Error> wrong(std::string_view what) const {
    return fail(ErrorCode::invalid, fmt::format("the selector \"{}\": {}, at character {}",
                                                text_.substr(0, 100), what, at_ + 1));
  }

  Result<CssAlternatives> list(int depth) {
    if (depth > limits_.depth_max) return wrong("it is nested too deep");
    CssAlternatives alternatives;
    do {
      alternatives.push_back(TRY(chain(depth)));
    } while (take(','));
    return alternatives;
  }

  Result<std::vector<CssCompound>> chain(int depth) {
    using Before = CssCompound::Before;
    std::vector<CssCompound> compounds;
    Before before = Before::descendant;
    skip_blanks();
    for (;;) {
      CssCompound one = TRY(compound(depth));
      one.before = before;
      compounds.push_back(std::move(one));
      if (compounds.size() > limits_.compounds_max) return wrong("it has too many parts");
      const bool has_blank = skip_blanks();
      if (take('>')) {
        before = Before::child;
      } else if (take('+')) {
        before = Before::adjacent;
      } else if (take('~')) {
        before = Before::sibling;
      } else if (has_blank && !at_end() && peek() != ',' && peek() != ')') {
        before = Before::descendant;
      } else {
        return compounds;
      }
      skip_blanks();
    }
  }

  Result<CssCompound> compound(int depth) {
    CssCompound made;
    const bool is_any = take('*');
    if (!is_any && !at_end() && (is_name(peek()) || peek() == '\\'))
      made.tests.push_back({.kind = Kind::tag, .name = to_lower(TRY(name()))});
    const std::size_t began = at_;
    for (;;) {
      if (take('#')) {
        made.tests.push_back({.kind = Kind::equals, .name = "id", .value = TRY(name())});
      } else if (take('.')) {
        made.tests.push_back({.kind = Kind::word, .name = "class", .value = TRY(name())});
      } else if (take('[')) {
        made.tests.push_back(TRY(attribute()));
      } else if (take(':')) {
        made.tests.push_back(TRY(pseudo_class(depth)));
      } else {
        break;
      }
    }
    if (!is_any && made.tests.empty() && at_ == began)
      return wrong(at_end() ? "something is missing at its end" : "this cannot stand here");
    return made;
  }

  // CSS Syntax, section 4.3.7: what stands behind a backslash.
  void escape(std::string& out) {
    std::uint32_t code = 0;
    std::size_t digits = 0;
    const auto begin = text_.data() + at_;
    const auto end = text_.data() + std::min(text_.size(), at_ + 6);
    const auto [stop, error] = std::from_chars(begin, end, code, 16);
    if (error == std::errc()) digits = static_cast<std::size_t>(stop - begin);
    if (digits == 0) {
      if (!at_end()) out += text_[at_++];
      return;
    }
    at_ += digits;
    if (!at_end() && is_blank(peek())) ++at_;
    if (code < 0x80) {
      out += static_cast<char>(code);
    } else if (code < 0x800) {
      out += static_cast<char>(0xC0U | code >> 6U);
      out += static_cast<char>(0x80U | (code & 0x3FU));
    } else if (code < 0x10000) {
      out += static_cast<char>(0xE0U | code >> 12U);
      out += static_cast<char>(0x80U | (code >> 6U & 0x3FU));
      out += static_cast<char>(0x80U | (code & 0x3FU));
    } else {
      out += "\xEF\xBF\xBD";
    }
  }

  Result<std::string> name() {
    std::string found;
    while (!at_end() && (is_name(peek()) || peek() == '\\')) {
      if (take('\\')) {
        escape(found);
      } else {
        found += text_[at_++];
      }
    }
    if (found.empty()) return wrong("a name is missing");
    return found;
  }

  Result<std::string> quoted() {
    const char quote = text_[at_++];
    std::string found;
    while (!at_end() && peek() != quote) {
      if (take('\\')) {
        escape(found);
      } else {
        found += text_[at_++];
      }
    }
    if (!take(quote)) return wrong("a quotation mark is missing");
    return found;
  }

  Result<CssTest> attribute() {
    skip_blanks();
    CssTest test{.kind = Kind::has_attribute, .name = to_lower(TRY(name()))};
    skip_blanks();
    if (take(']')) return test;
    static constexpr std::string_view signs = "~|^$*!";
    static constexpr std::array<Kind, 6> kinds = {Kind::word, Kind::dashed, Kind::begins,
                                                  Kind::ends, Kind::holds,  Kind::not_equals};
    test.kind = Kind::equals;
    if (const auto sign = signs.find(peek()); !at_end() && sign != std::string_view::npos) {
      test.kind = kinds[sign];
      ++at_;
    }
    if (!take('=')) return wrong("a = is missing");
    skip_blanks();
    test.value = peek() == '"' || peek() == '\'' ? TRY(quoted()) : TRY(name());
    skip_blanks();
    if (take('i') || take('I')) test.ignores_case = true;
    skip_blanks();
    if (!take(']')) return wrong("a ] is missing");
    return test;
  }

  Result<CssTest> pseudo_class(int depth) {
    const std::size_t began = at_;
    const std::string wanted = to_lower(TRY(name()));
    const auto found = std::ranges::find(pseudo_classes, wanted, &PseudoClass::name);
    if (found == pseudo_classes.end()) {
      at_ = began;
      return wrong(fmt::format("there is no :{}", wanted));
    }
    CssTest test{.kind = found->kind, .offset = found->offset};
    if (found->takes == Takes::nothing) return test;
    if (!take('(')) return wrong("a ( is missing");
    skip_blanks();
    if (found->takes == Takes::selector) {
      test.inner = TRY(list(depth + 1));
    } else if (found->takes == Takes::place) {
      TRY(place(test));
    } else if (peek() == '"' || peek() == '\'') {
      test.value = TRY(quoted());
    } else {
      const std::size_t end = std::min(text_.find(')', at_), text_.size());
      test.value = std::string(trim(text_.substr(at_, end - at_)));
      at_ = end;
    }
    skip_blanks();
    if (!take(')')) return wrong("a ) is missing");
    return test;
  }

  // an+b, odd, even.
  Result<> place(CssTest& test) {
    const std::size_t end = std::min(text_.find(')', at_), text_.size());
    std::string given = to_lower(text_.substr(at_, end - at_));
    std::erase_if(given, is_blank);
    if (given == "odd") given = "2n+1";
    if (given == "even") given = "2n";
    const auto number = [](std::string_view digits) -> std::optional<std::int32_t> {
      if (digits.starts_with('+')) digits.remove_prefix(1);
      std::int32_t value = 0;
      const auto [stop, error] =
          std::from_chars(digits.data(), digits.data() + digits.size(), value);
      if (error != std::errc() || stop != digits.data() + digits.size() || value < -1'000'000 ||
          value > 1'000'000)
        return std::nullopt;
      return value;
    };
    const std::size_t n = given.find('n');
    const std::string_view step = std::string_view(given).substr(0, n == given.npos ? 0 : n);
    const std::string_view offset = std::string_view(given).substr(n == given.npos ? 0 : n + 1);
    const auto a = n == given.npos               ? 0
                   : step.empty() || step == "+" ? 1
                   : step == "-"                 ? -1
                                                 : number(step);
    const auto b = n != given.npos && offset.empty() ? 0 : number(offset);
    if (!a || !b) return wrong("a place looks like 3, 2n+1, odd or even");
    test.step = *a;
    test.offset = *b;
    at_ = end;
    return {};
  }

  CssSelector::Limits limits_;
  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<CssSelector> CssSelector::parse(std::string_view text) {
  if (text.size() > Limits{}.bytes_max) return fail(ErrorCode::invalid, "the selector is too long");
  CssSelector selector;
  selector.alternatives_ = TRY(Parser(text).all());
  return selector;
}

}  // namespace brunt
