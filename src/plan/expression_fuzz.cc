// Any bytes as a template, a JSONPath, a regular expression: compiled and used, or refused.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "plan/expression.h"
#include "plan/jsonpath.h"
#include "plan/regex.h"

namespace {

void use_template(std::string_view text) {
  brunt::NameTable names;
  static_cast<void>(names.add("store", brunt::ConstantSymbol{brunt::Json("sqlite")}, "var", {}));
  static_cast<void>(names.add("a", brunt::SlotSymbol{0}, "capture", {}));
  static_cast<void>(names.add("users", brunt::DataSymbol{0, {"name", "age"}}, "data set", {}));
  static_cast<void>(names.add("db", brunt::ServiceSymbol{0}, "service", {}));
  static_cast<void>(names.add("env", brunt::EnvironmentSymbol{{{"HOME", "/"}}}, "environment", {}));
  const auto compiled = brunt::Template::compile(text, names);
  if (!compiled) {
    if (compiled.error().text.empty() || compiled.error().offset > text.size()) __builtin_trap();
    return;
  }
  const std::vector<brunt::Json> slots{*brunt::Json::parse(R"({"b": [1, {"c": "x"}], "d": 1.5})")};
  const std::vector<brunt::Json> cells{brunt::Json("ann"), brunt::Json()};
  const std::vector<const brunt::Json*> rows{cells.data()};
  const std::vector<std::string> members(brunt::service_members.size(), "m");
  brunt::Prng prng(7);
  const brunt::Scope scope{.slots = slots,
                           .rows = rows,
                           .members = members,
                           .scenario = "s",
                           .vu = 1,
                           .prng = &prng,
                           .now = {1'700'000'000'000'000'000}};
  std::string out;
  static_cast<void>(compiled->append(scope, out));
  static_cast<void>(compiled->evaluate(scope));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  use_template(text);
  static const brunt::Json document = *brunt::Json::parse(
      R"({"a": [1, 2, {"b": "x", "c": [null, true]}], "d": {"a": "text", "e": {"a": 1}}})");
  if (const auto path = brunt::JsonPath::compile(text)) {
    const auto first = path->first(document);
    const auto all = path->all(document);
    if (all && !all->empty() && !(first && *first == all->front()) && !text.ends_with(".length()"))
      __builtin_trap();
  }
  if (size < 200)
    if (const auto regex = brunt::Regex::compile(text))
      static_cast<void>(regex->capture("the quick brown fox id=42; jumps over 13 lazy dogs"));
  return 0;
}
