#include "script/json_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace brunt {
namespace {

constexpr std::string_view blanks = " \t\r\n";
constexpr std::string_view end_reason = "unexpected end of JSON input";
constexpr std::string_view after_reason = "after top-level value";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Go shows a byte as the character of that number.
std::string quoted(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (c == '\'') return R"('\'')";
  if (c == '"') return "'\"'";
  if (c == '\\') return R"('\\')";
  if (c == '\n') return R"('\n')";
  if (c == '\r') return R"('\r')";
  if (c == '\t') return R"('\t')";
  if (byte < 0x20 || byte == 0x7F) return fmt::format("'\\x{:02x}'", byte);
  if (byte < 0x80) return fmt::format("'{}'", c);
  return fmt::format("'{}{}'", static_cast<char>(0xC0 | byte >> 6U),
                     static_cast<char>(0x80 | (byte & 0x3FU)));
}

// Reads as far as it is JSON. Without recursion: the text is the target's.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  // "": it is JSON to its end.
  std::string reason() {
    while (reason_.empty() && step()) {
    }
    return std::move(reason_);
  }
  std::size_t at() const { return at_; }

 private:
  enum class Want : char { value, value_or_end, key, key_or_end, colon, next };

  // False: the end of the text, as it should be, or not.
  bool step() {
    while (at_ < text_.size() && blanks.contains(text_[at_])) ++at_;
    if (at_ == text_.size()) {
      if (want_ != Want::next || !open_.empty()) reason_ = end_reason;
      return false;
    }
    const char c = text_[at_];
    switch (want_) {
      case Want::value_or_end:
        if (c == ']') return close();
        [[fallthrough]];
      case Want::value:
        return value(c);
      case Want::key_or_end:
        if (c == '}') return close();
        [[fallthrough]];
      case Want::key:
        if (c != '"') return wrong("looking for beginning of object key string");
        want_ = Want::colon;
        return string();
      case Want::colon:
        if (c != ':') return wrong("after object key");
        want_ = Want::value;
        return take();
      case Want::next:
        return next(c);
    }
    return false;
  }

  bool value(char c) {
    want_ = Want::next;
    if (c == '{' || c == '[') {
      open_.push_back(c);
      want_ = c == '{' ? Want::key_or_end : Want::value_or_end;
      return take();
    }
    if (c == '"') return string();
    if (c == '-' || is_digit(c)) return number();
    for (const std::string_view literal : {"true", "false", "null"})
      if (c == literal.front()) return word(literal);
    return wrong("looking for beginning of value");
  }

  bool next(char c) {
    if (open_.empty()) return wrong(after_reason);
    const bool in_object = open_.back() == '{';
    if (c == (in_object ? '}' : ']')) return close();
    if (c != ',') return wrong(in_object ? "after object key:value pair" : "after array element");
    want_ = in_object ? Want::key : Want::value;
    return take();
  }

  bool string() {
    ++at_;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (static_cast<unsigned char>(text_[at_]) < 0x20) return wrong("in string literal");
      if (text_[at_++] == '\\' && !escape()) return false;
    }
    return at_ < text_.size() ? take() : at_end();
  }

  bool escape() {
    if (at_ == text_.size()) return at_end();
    if (!std::string_view("\"\\/bfnrtu").contains(text_[at_]))
      return wrong("in string escape code");
    if (text_[at_++] != 'u') return true;
    for (int digits = 0; digits < 4; ++digits, ++at_) {
      if (at_ == text_.size()) return at_end();
      if (!std::string_view("0123456789abcdefABCDEF").contains(text_[at_]))
        return wrong("in \\u hexadecimal character escape");
    }
    return true;
  }

  bool number() {
    if (text_[at_] == '-') ++at_;
    if (at_ < text_.size() && text_[at_] == '0') {
      ++at_;
    } else if (!digits("in numeric literal")) {
      return false;
    }
    if (at_ < text_.size() && text_[at_] == '.') {
      ++at_;
      if (!digits("after decimal point in numeric literal")) return false;
    }
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      ++at_;
      if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
      if (!digits("in exponent of numeric literal")) return false;
    }
    return true;
  }

  bool digits(std::string_view where) {
    if (at_ == text_.size()) return at_end();
    if (!is_digit(text_[at_])) return wrong(where);
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    return true;
  }

  bool word(std::string_view literal) {
    for (const char expected : literal) {
      if (at_ == text_.size()) return at_end();
      if (text_[at_] != expected)
        return wrong(fmt::format("in literal {} (expecting '{}')", literal, expected));
      ++at_;
    }
    return true;
  }

  bool take() {
    ++at_;
    return true;
  }
  bool close() {
    open_.pop_back();
    want_ = Want::next;
    return take();
  }
  bool at_end() {
    reason_ = end_reason;
    return false;
  }
  bool wrong(std::string_view where) {
    reason_ = fmt::format("invalid character {} {}", quoted(text_[at_]), where);
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Want want_ = Want::value;
  std::vector<char> open_;
  std::string reason_;
};

}  // namespace

std::string syntax_error_of_json(std::string_view text) {
  if (std::ranges::all_of(text, [](char c) { return blanks.contains(c); }))
    return "Unexpected end of JSON input (EOF)";
  Scanner scanner(text);
  const std::string reason = scanner.reason();
  if (reason == end_reason) return "unexpected EOF";
  if (reason.ends_with(after_reason))
    return fmt::format("Unexpected token at the end: {}", text[scanner.at()]);
  return reason;
}

std::string trouble_of_json(std::string_view text) {
  Scanner scanner(text);
  const std::string reason = scanner.reason();
  if (reason.empty()) return {};
  // At the end of the text it is the last character that is told.
  const std::size_t at = std::min(scanner.at(), text.empty() ? 0 : text.size() - 1);
  // A line's end counts as the first character of the next one, as in Go's own count.
  if (at < text.size() && text[at] == '\n')
    return fmt::format("cannot parse json due to an error at line {}, character 1 , error: {}",
                       std::ranges::count(text.substr(0, at), '\n') + 2, reason);
  const std::string_view before = text.substr(0, at);
  const auto line_begin = before.rfind('\n');
  const std::string_view line =
      text.substr(line_begin == std::string_view::npos ? 0 : line_begin + 1,
                  at - (line_begin == std::string_view::npos ? 0 : line_begin + 1) + 1);
  // Characters, not the bytes of UTF-8 that go on with one.
  const auto characters = std::ranges::count_if(
      line, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
  return fmt::format("cannot parse json due to an error at line {}, character {} , error: {}",
                     std::ranges::count(before, '\n') + 1, characters, reason);
}

}  // namespace brunt
