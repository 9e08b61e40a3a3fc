// A JSON text with holes: a request's `json:` body, compiled to fixed text with expressions
// between.
//
// A string that is one whole `${...}` is replaced by the value with its type (a number stays a
// number); any other string with `${...}` in it stays a string.
//
//   TRY(body.append(scope, out));   // out += {"time":"2026-01-02T03:04:05.678Z","charge_now":42}
#pragma once
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "plan/expression.h"

namespace brunt {

class JsonTemplate {
 public:
  JsonTemplate() = default;  // The text ""; no JSON.

  // Builders, used by readers in the order of the text.
  void add_text(std::string_view json);
  void add_key(std::string_view key);  // "key":
  void add_value(const Json& value);
  void add_template(Template text);

  Result<> append(const Scope& scope, std::string& out) const;
  bool is_constant() const { return holes_.empty(); }
  void collect(Uses& uses) const;

 private:
  struct Hole {
    std::string before;  // Fixed JSON.
    Template text;
  };
  std::vector<Hole> holes_;
  std::string tail_;
};

// A plain JSON value as a template, its strings compiled.
std::expected<JsonTemplate, CompileError> compile_json_template(const Json& value,
                                                                const NameTable& names);

}  // namespace brunt
