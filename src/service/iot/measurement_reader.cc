#include "service/iot/measurement_reader.h"

#include <fmt/format.h>

#include <array>
#include <bitset>
#include <charconv>
#include <cmath>
#include <limits>

namespace brunt {
namespace {

enum class Field : std::uint8_t {
  time,
  charge_now,
  charge_full,
  charge_rate,
  ambient_temp,
  water_temp,
  water_level,
  other,
};

constexpr std::array<std::string_view, 7> field_names{"time",        "charge_now",   "charge_full",
                                                      "charge_rate", "ambient_temp", "water_temp",
                                                      "water_level"};

struct Range {
  double low, high;
  std::string_view wanted;
};
constexpr Range count_range{0, std::numeric_limits<std::int32_t>::max(),
                            "a whole number from 0 to 2147483647"};
constexpr Range rate_range{-1e9, 1e9, "a number from -1e9 to 1e9"};
constexpr Range celsius_range{-273.15, 1e4, "degrees Celsius from -273.15 to 10000"};
constexpr std::int64_t time_ms_max = 9'214'646'400'000;  // The end of 2261.

// A token's extent; strings without their quotes.
struct Token {
  enum class Kind : std::uint8_t { null, flag, number, string, nested } kind;
  std::string_view text;
  bool escaped = false;  // A string with a backslash in it.
};

class Reader {
 public:
  explicit Reader(std::string_view body) : body_(body) {}

  Result<> read(Measurement& measurement);

 private:
  void skip_blanks() {
    while (at_ < body_.size() &&
           (body_[at_] == ' ' || body_[at_] == '\n' || body_[at_] == '\r' || body_[at_] == '\t'))
      ++at_;
  }
  char peek() {
    skip_blanks();
    return at_ < body_.size() ? body_[at_] : '\0';
  }
  bool take(char wanted) {
    if (peek() != wanted || at_ >= body_.size()) return false;
    ++at_;
    return true;
  }
  std::unexpected<Error> broken(std::string_view wanted) const {
    return fail(ErrorCode::malformed,
                fmt::format("the body is no JSON: {} expected at byte {}", wanted, at_));
  }

  Result<Token> token();
  Result<Token> string();
  Result<Token> number();
  Result<Token> word();
  Result<> skip_escape();
  Result<> skip_nested();
  Result<> store(Field field, const Token& token, Measurement& measurement);

  std::string_view body_;
  std::size_t at_ = 0;
  std::bitset<field_names.size()> seen_;
};

bool is_digit(char letter) {
  return letter >= '0' && letter <= '9';
}

bool is_hex(char letter) {
  return is_digit(letter) || (letter >= 'a' && letter <= 'f') || (letter >= 'A' && letter <= 'F');
}

// The length of the UTF-8 sequence at the front; 0 if it is none (RFC 3629: no overlong forms, no
// surrogates, nothing above U+10FFFF).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t index) -> unsigned {
    return index < text.size() ? static_cast<unsigned char>(text[index]) : 0;
  };
  const auto follows = [&](std::size_t index, unsigned low = 0x80, unsigned high = 0xbf) {
    return byte(index) >= low && byte(index) <= high;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const unsigned low = first == 0xe0 ? 0xa0 : 0x80;
    const unsigned high = first == 0xed ? 0x9f : 0xbf;
    return follows(1, low, high) && follows(2) ? 3 : 0;
  }
  if (first < 0xf0 || first > 0xf4) return 0;
  const unsigned low = first == 0xf0 ? 0x90 : 0x80;
  const unsigned high = first == 0xf4 ? 0x8f : 0xbf;
  return follows(1, low, high) && follows(2) && follows(3) ? 4 : 0;
}

Result<> Reader::skip_escape() {
  constexpr std::string_view simple = "\"\\/bfnrt";
  const auto hex4 = [&](std::size_t at) {
    if (at + 4 > body_.size()) return false;
    for (std::size_t index = at; index < at + 4; ++index)
      if (!is_hex(body_[index])) return false;
    return true;
  };
  ++at_;  // The backslash.
  if (at_ >= body_.size()) return broken("an escape");
  if (simple.find(body_[at_]) != simple.npos) {
    ++at_;
    return {};
  }
  if (body_[at_] != 'u' || !hex4(at_ + 1)) return broken("an escape");
  unsigned unit = 0;
  std::from_chars(body_.data() + at_ + 1, body_.data() + at_ + 5, unit, 16);
  at_ += 5;
  if (unit >= 0xdc00 && unit <= 0xdfff) return broken("a first surrogate");
  if (unit < 0xd800 || unit > 0xdbff) return {};
  if (body_.substr(at_, 2) != "\\u" || !hex4(at_ + 2)) return broken("a second surrogate");
  std::from_chars(body_.data() + at_ + 2, body_.data() + at_ + 6, unit, 16);
  if (unit < 0xdc00 || unit > 0xdfff) return broken("a second surrogate");
  at_ += 6;
  return {};
}

Result<Token> Reader::string() {
  const std::size_t start = ++at_;
  bool escaped = false;
  while (at_ < body_.size()) {
    const auto letter = static_cast<unsigned char>(body_[at_]);
    if (letter == '"') {
      const std::string_view text = body_.substr(start, at_ - start);
      ++at_;
      return Token{Token::Kind::string, text, escaped};
    }
    if (letter < 0x20) return broken("a printable character in a string");
    if (letter == '\\') {
      escaped = true;
      TRY(skip_escape());
    } else if (letter < 0x80) {
      ++at_;
    } else {
      const std::size_t length = utf8_length(body_.substr(at_));
      if (length == 0) return broken("UTF-8");
      at_ += length;
    }
  }
  return broken("the end of a string");
}

Result<Token> Reader::number() {
  const std::size_t start = at_;
  const auto digits = [&] {
    const std::size_t first = at_;
    while (at_ < body_.size() && is_digit(body_[at_])) ++at_;
    return at_ > first;
  };
  if (body_[at_] == '-') ++at_;
  if (at_ < body_.size() && body_[at_] == '0') {
    ++at_;
  } else if (!digits()) {
    return broken("a digit");
  }
  if (at_ < body_.size() && body_[at_] == '.') {
    ++at_;
    if (!digits()) return broken("a digit");
  }
  if (at_ < body_.size() && (body_[at_] == 'e' || body_[at_] == 'E')) {
    ++at_;
    if (at_ < body_.size() && (body_[at_] == '+' || body_[at_] == '-')) ++at_;
    if (!digits()) return broken("a digit");
  }
  return Token{Token::Kind::number, body_.substr(start, at_ - start)};
}

Result<Token> Reader::word() {
  const std::string_view rest = body_.substr(at_);
  for (const std::string_view known : {"true", "false", "null"}) {
    if (!rest.starts_with(known)) continue;
    at_ += known.size();
    return Token{known == "null" ? Token::Kind::null : Token::Kind::flag, known};
  }
  return broken("a value");
}

// Skips an array or object without recursion: a stack of bits says what is open.
Result<> Reader::skip_nested() {
  std::bitset<measurement_depth_max> is_object;
  std::size_t depth = 0;
  const auto open = [&]() -> Result<> {
    if (depth == measurement_depth_max)
      return fail(ErrorCode::malformed,
                  fmt::format("the body is nested deeper than {}", measurement_depth_max));
    is_object[depth++] = body_[at_++] == '{';
    return {};
  };
  const auto key = [&]() -> Result<> {
    if (peek() != '"') return broken("a key");
    TRY(string());
    if (!take(':')) return broken("`:`");
    return {};
  };
  TRY(open());
  bool fresh = true;  // Nothing yet in the innermost one.
  while (depth > 0) {
    const bool object = is_object[depth - 1];
    if (take(object ? '}' : ']')) {
      --depth;
      fresh = false;
      continue;
    }
    if (!fresh && !take(',')) return broken(object ? "`,` or `}`" : "`,` or `]`");
    if (object) TRY(key());
    fresh = peek() == '{' || peek() == '[';
    if (fresh) {
      TRY(open());
    } else {
      TRY(token());
    }
  }
  return {};
}

Result<Token> Reader::token() {
  const char first = peek();
  if (first == '"') return string();
  if (first == '-' || is_digit(first)) return number();
  if (first != '{' && first != '[') return word();
  const std::size_t start = at_;
  TRY(skip_nested());
  return Token{Token::Kind::nested, body_.substr(start, at_ - start)};
}

std::unexpected<Error> wrong(Field field, std::string_view wanted) {
  return fail(ErrorCode::invalid,
              fmt::format("`{}` must be {}", field_names[std::to_underlying(field)], wanted));
}

Result<double> number_of(Field field, const Token& token, const Range& range) {
  if (token.kind != Token::Kind::number) return wrong(field, range.wanted);
  double value = 0;
  const char* end = token.text.data() + token.text.size();
  const auto [stopped, error] = std::from_chars(token.text.data(), end, value);
  if (error != std::errc() || stopped != end || value < range.low || value > range.high)
    return wrong(field, range.wanted);
  return value;
}

Result<std::int32_t> count_of(Field field, const Token& token) {
  const double value = TRY(number_of(field, token, count_range));
  if (value != std::floor(value)) return wrong(field, count_range.wanted);
  return static_cast<std::int32_t>(value);
}

Result<std::int64_t> time_of(const Token& token) {
  if (token.kind == Token::Kind::string) return parse_rfc3339_us(token.text);
  std::int64_t ms = -1;
  if (token.kind == Token::Kind::number) {
    const char* end = token.text.data() + token.text.size();
    if (std::from_chars(token.text.data(), end, ms).ptr != end) ms = -1;
  }
  if (ms < 0 || ms > time_ms_max)
    return wrong(Field::time,
                 "RFC 3339 text like 2026-11-22T08:49:41Z, or milliseconds since 1970");
  return ms * 1000;
}

Field field_of(std::string_view key) {
  for (std::size_t index = 0; index < field_names.size(); ++index)
    if (field_names[index] == key) return static_cast<Field>(index);
  return Field::other;
}

Result<> Reader::store(Field field, const Token& token, Measurement& measurement) {
  if (field == Field::other) return {};
  const bool required = field == Field::time || field == Field::charge_now;
  const bool is_null = token.kind == Token::Kind::null;
  seen_[std::to_underlying(field)] = !is_null;
  if (is_null && required) return {};  // As if it were missing.
  const auto store_count = [&](std::optional<std::int32_t>& place) -> Result<> {
    place.reset();
    if (!is_null) place = TRY(count_of(field, token));
    return {};
  };
  const auto store_number = [&](std::optional<double>& place, const Range& range) -> Result<> {
    place.reset();
    if (!is_null) place = TRY(number_of(field, token, range));
    return {};
  };
  switch (field) {
    case Field::time:
      measurement.time_us = TRY(time_of(token));
      return {};
    case Field::charge_now:
      measurement.charge_now = TRY(count_of(field, token));
      return {};
    case Field::charge_full:
      return store_count(measurement.charge_full);
    case Field::charge_rate:
      return store_number(measurement.charge_rate, rate_range);
    case Field::ambient_temp:
      return store_number(measurement.ambient_temp_celsius, celsius_range);
    case Field::water_temp:
      return store_number(measurement.water_temp_celsius, celsius_range);
    case Field::water_level:
      return store_count(measurement.water_level_litres);
    case Field::other:
      break;
  }
  return {};
}

Result<> Reader::read(Measurement& measurement) {
  const Uuid device = measurement.device;
  measurement = Measurement();
  measurement.device = device;
  if (!take('{')) {
    if (at_ >= body_.size())
      return fail(ErrorCode::malformed, "the body is empty: a JSON object is wanted");
    TRY(token());
    skip_blanks();
    if (at_ != body_.size()) return broken("the end");
    return fail(ErrorCode::invalid, "the body must be a JSON object");
  }
  // The first complaint about a field; given only once the whole is known to be JSON.
  Result<> complaint;
  for (bool first = true; !take('}'); first = false) {
    if (!first && !take(',')) return broken("`,` or `}`");
    if (peek() != '"') return broken("a key");
    const Token key = TRY(string());
    if (!take(':')) return broken("`:`");
    const Token value = TRY(token());
    if (key.escaped) continue;  // No name of ours is written with escapes.
    auto stored = store(field_of(key.text), value, measurement);
    if (!stored && complaint) complaint = std::move(stored);
  }
  skip_blanks();
  if (at_ != body_.size()) return broken("the end");
  if (!complaint) return complaint;
  if (!seen_[std::to_underlying(Field::time)]) return fail(ErrorCode::invalid, "`time` is missing");
  if (!seen_[std::to_underlying(Field::charge_now)])
    return fail(ErrorCode::invalid, "`charge_now` is missing");
  return {};
}

}  // namespace

Result<> read_measurement(std::string_view body, Measurement& measurement) {
  return Reader(body).read(measurement);
}

}  // namespace brunt
