#include "base/json.h"

#include <fmt/format.h>
#include <rapidjson/encodedstream.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <iterator>

#include "base/assert.h"

namespace brunt {
namespace {

// Builds the tree from RapidJSON's events with a stack of its own, so that depth costs heap, not
// stack.
class Builder {
 public:
  explicit Builder(std::size_t depth_max) : depth_max_(depth_max) {}

  // RapidJSON's names for its events.
  // NOLINTBEGIN(readability-identifier-naming)
  bool Null() { return put(Json()); }
  bool Bool(bool value) { return put(Json(value)); }
  // Numbers come as text (kParseNumbersAsStringsFlag) and are converted here: RapidJSON 1.1 counts
  // the leading zeros of a zero for "0e99", which is undefined. These five are never called.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
    const char* end = text + size;
    std::int64_t whole = 0;
    if (std::from_chars(text, end, whole) == std::from_chars_result{end, std::errc()})
      return put(Json(whole));
    double value = 0;
    const auto [stop, error] = std::from_chars(text, end, value);
    if (error == std::errc::result_out_of_range)
      value = std::strtod(std::string(text, end).c_str(), nullptr);
    too_large_ = !std::isfinite(value);
    return !too_large_ && stop == end && put(Json(value));
  }
  bool String(const char* text, rapidjson::SizeType size, bool) {
    return put(Json(std::string(text, size)));
  }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    open_.back().key.assign(text, size);
    return true;
  }
  bool StartObject() { return begin(Json(Json::Object())); }
  bool EndObject(rapidjson::SizeType) { return end(); }
  bool StartArray() { return begin(Json(Json::Array())); }
  bool EndArray(rapidjson::SizeType) { return end(); }
  // NOLINTEND(readability-identifier-naming)

  Json take() { return std::move(root_); }
  bool too_deep() const { return too_deep_; }
  bool too_large() const { return too_large_; }

 private:
  struct Level {
    Json value;
    std::string key;
  };

  bool begin(Json value) {
    too_deep_ = open_.size() >= depth_max_;
    if (too_deep_) return false;
    open_.push_back({std::move(value), {}});
    return true;
  }

  bool end() {
    Json value = std::move(open_.back().value);
    open_.pop_back();
    return put(std::move(value));
  }

  bool put(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (open_.back().value.is_array()) {
      open_.back().value.array().push_back(std::move(value));
    } else {
      open_.back().value.object().emplace_back(std::move(open_.back().key), std::move(value));
    }
    return true;
  }

  std::size_t depth_max_;
  std::vector<Level> open_;
  Json root_;
  bool too_deep_ = false;
  bool too_large_ = false;  // A number beyond a double.
};

std::string position_of(std::string_view text, std::size_t offset) {
  const auto before = text.substr(0, std::min(offset, text.size()));
  const auto line = std::ranges::count(before, '\n') + 1;
  const auto newline = before.rfind('\n');
  const auto column =
      newline == std::string_view::npos ? before.size() + 1 : before.size() - newline;
  return fmt::format("line {}, column {}", line, column);
}

// The length of the UTF-8 sequence at the front of `text`, or 0 if it is not one (RFC 3629, section
// 4).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto tail = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xC0U) == 0x80U; };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return tail(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    if (!tail(1) || !tail(2)) return 0;
    if (lead == 0xE0 && byte(1) < 0xA0) return 0;
    if (lead == 0xED && byte(1) > 0x9F) return 0;
    return 3;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    if (!tail(1) || !tail(2) || !tail(3)) return 0;
    if (lead == 0xF0 && byte(1) < 0x90) return 0;
    if (lead == 0xF4 && byte(1) > 0x8F) return 0;
    return 4;
  }
  return 0;
}

void append_number(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";  // JSON has no word for it.
    return;
  }
  if (value == 0 && std::signbit(value)) {
    out += "-0.0";  // "-0" would be read as the whole number 0.
    return;
  }
  char digits[32];
  const auto [end, error] = std::to_chars(std::begin(digits), std::end(digits), value);
  out.append(digits, end);
  ASSERT(error == std::errc());
}

void append_pretty(std::string& out, const Json& value, std::size_t level) {
  const auto line = [&](std::size_t depth) { out.append(1, '\n').append(depth * 2, ' '); };
  if (value.is_array() && !value.array().empty()) {
    out += '[';
    for (bool first = true; const Json& element : value.array()) {
      if (!std::exchange(first, false)) out += ',';
      line(level + 1);
      append_pretty(out, element, level + 1);
    }
    line(level);
    out += ']';
  } else if (value.is_object() && !value.object().empty()) {
    out += '{';
    for (bool first = true; const auto& [key, member] : value.object()) {
      if (!std::exchange(first, false)) out += ',';
      line(level + 1);
      append_json_string(out, key);
      out += ": ";
      append_pretty(out, member, level + 1);
    }
    line(level);
    out += '}';
  } else {
    value.append_to(out);
  }
}

}  // namespace

Result<Json> Json::parse(std::string_view text, Limits limits) {
  constexpr unsigned flags = rapidjson::kParseNumbersAsStringsFlag |
                             rapidjson::kParseValidateEncodingFlag | rapidjson::kParseIterativeFlag;
  // The reader passes over each byte of a byte order mark, also without the others.
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (!text.empty() && byte_order_mark.contains(text[0]) && !text.starts_with(byte_order_mark))
    return fail(ErrorCode::malformed,
                fmt::format("not JSON at {}: a part of a byte order mark", position_of(text, 0)));
  rapidjson::MemoryStream bytes(text.data(), text.size());
  rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> stream(bytes);
  rapidjson::Reader reader;
  Builder builder(limits.depth_max);
  const auto parsed = reader.Parse<flags>(stream, builder);
  if (!parsed.IsError()) {
    if (stream.Tell() == text.size()) return builder.take();
    // The reader takes a NUL byte for the end.
    return fail(ErrorCode::malformed,
                fmt::format("not JSON at {}: a NUL byte", position_of(text, stream.Tell())));
  }
  const std::string where = position_of(text, parsed.Offset());
  if (builder.too_deep())
    return fail(ErrorCode::too_large,
                fmt::format("JSON nested deeper than {} levels at {}", limits.depth_max, where));
  if (builder.too_large())
    return fail(ErrorCode::malformed, fmt::format("a number beyond all bounds at {}", where));
  return fail(ErrorCode::malformed,
              fmt::format("not JSON at {}: {}", where, rapidjson::GetParseError_En(parsed.Code())));
}

bool Json::boolean() const {
  ASSERT(is_bool());
  return std::get<bool>(value_);
}

std::int64_t Json::integer() const {
  ASSERT(is_integer());
  return std::get<std::int64_t>(value_);
}

double Json::number() const {
  if (is_integer()) return static_cast<double>(std::get<std::int64_t>(value_));
  ASSERT(is_number());
  return std::get<double>(value_);
}

const std::string& Json::string() const {
  ASSERT(is_string());
  return std::get<std::string>(value_);
}

const Json::Array& Json::array() const {
  ASSERT(is_array());
  return std::get<Array>(value_);
}

Json::Array& Json::array() {
  ASSERT(is_array());
  return std::get<Array>(value_);
}

const Json::Object& Json::object() const {
  ASSERT(is_object());
  return std::get<Object>(value_);
}

Json::Object& Json::object() {
  ASSERT(is_object());
  return std::get<Object>(value_);
}

const Json* Json::find(std::string_view key) const {
  if (!is_object()) return nullptr;
  for (const auto& [name, value] : object())
    if (name == key) return &value;
  return nullptr;
}

void Json::set(std::string_view key, Json value) {
  if (is_null()) value_ = Object();
  for (auto& [name, member] : object())
    if (name == key) {
      member = std::move(value);
      return;
    }
  object().emplace_back(std::string(key), std::move(value));
}

void Json::push(Json value) {
  if (is_null()) value_ = Array();
  array().push_back(std::move(value));
}

std::string Json::dump() const {
  std::string out;
  append_to(out);
  return out;
}

std::string Json::dump_pretty() const {
  std::string out;
  append_pretty(out, *this, 0);
  return out;
}

void Json::append_to(std::string& out) const {
  if (is_null()) {
    out += "null";
  } else if (is_bool()) {
    out += boolean() ? "true" : "false";
  } else if (is_integer()) {
    fmt::format_to(std::back_inserter(out), "{}", integer());
  } else if (is_number()) {
    append_number(out, number());
  } else if (is_string()) {
    append_json_string(out, string());
  } else if (is_array()) {
    out += '[';
    for (bool first = true; const Json& element : array()) {
      if (!std::exchange(first, false)) out += ',';
      element.append_to(out);
    }
    out += ']';
  } else {
    out += '{';
    for (bool first = true; const auto& [key, member] : object()) {
      if (!std::exchange(first, false)) out += ',';
      append_json_string(out, key);
      out += ':';
      member.append_to(out);
    }
    out += '}';
  }
}

std::string Json::text() const {
  return is_string() ? string() : dump();
}

std::string_view Json::kind() const {
  if (is_null()) return "null";
  if (is_bool()) return "bool";
  if (is_number()) return "number";
  if (is_string()) return "string";
  return is_array() ? "array" : "object";
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const char c = text.front();
    if (length == 0) {
      out += "\xEF\xBF\xBD";
    } else if (length > 1) {
      out.append(text.substr(0, length));
    } else if (c == '"' || c == '\\') {
      out.append({'\\', c});
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  out += '"';
}

}  // namespace brunt
