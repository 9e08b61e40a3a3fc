// A JSON value: what plans, captures, expressions, and reports pass around.
//
// Numbers keep whether they were whole (int64) or not (double). Objects keep the order of their
// keys and find a key by linear search: they are small here. Reading is bounded in depth and size;
// writing is canonical enough to compare.
//
//   const Json body = TRY(Json::parse(R"({"user": "x", "ids": [1, 2]})"));
//   if (const Json* id = body.find("ids")) ...
//
// Source: RFC 8259.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace brunt {

class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  struct Limits {
    std::size_t depth_max =
        512;  // Deeper is a bug or an attack; each level costs a vector, not our stack.
  };

  Json() = default;  // null
  // A value where a Json is wanted: set("name", "value").
  // NOLINTBEGIN(google-explicit-constructor)
  Json(std::nullptr_t) {}
  Json(bool value) : value_(value) {}
  Json(std::int64_t value) : value_(value) {}
  Json(int value) : value_(static_cast<std::int64_t>(value)) {}
  Json(std::uint64_t value) : value_(static_cast<std::int64_t>(value)) {}
  Json(double value) : value_(value) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(const char* value) : value_(std::string(value)) {}
  Json(Array value) : value_(std::move(value)) {}
  Json(Object value) : value_(std::move(value)) {}
  // NOLINTEND(google-explicit-constructor)

  // Errors: malformed, with line and column; too_large beyond the limits.
  static Result<Json> parse(std::string_view text, Limits limits);
  static Result<Json> parse(std::string_view text) { return parse(text, Limits{}); }

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_bool() const { return std::holds_alternative<bool>(value_); }
  bool is_integer() const { return std::holds_alternative<std::int64_t>(value_); }
  bool is_number() const { return is_integer() || std::holds_alternative<double>(value_); }
  bool is_string() const { return std::holds_alternative<std::string>(value_); }
  bool is_array() const { return std::holds_alternative<Array>(value_); }
  bool is_object() const { return std::holds_alternative<Object>(value_); }

  // REQUIRES: the value is of that kind (asserted).
  bool boolean() const;
  std::int64_t integer() const;
  double number() const;  // Of an integer too.
  const std::string& string() const;
  const Array& array() const;
  Array& array();
  const Object& object() const;
  Object& object();

  // The member of an object; nullptr where there is none or this is no object.
  const Json* find(std::string_view key) const;
  // Sets or replaces a member; null becomes an object first. REQUIRES: null or object.
  void set(std::string_view key, Json value);
  // Appends an element; null becomes an array first. REQUIRES: null or array.
  void push(Json value);

  std::string dump() const;                // One line.
  std::string dump_pretty() const;         // Two spaces a level, ends without a newline.
  void append_to(std::string& out) const;  // One line, onto `out`.

  // A string as its bare text, anything else as JSON: what a template puts into a URL.
  std::string text() const;

  std::string_view kind() const;  // "null", "bool", "number", "string", "array", "object"

  friend bool operator==(const Json&, const Json&) = default;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> value_;
};

// Appends `text` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

}  // namespace brunt
