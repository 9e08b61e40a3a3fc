#include "script/unknown_members.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "script/builtin_modules.h"
#include "script/source_text.h"

namespace brunt {
namespace {

// A module under one name: `import http from ...` or `import * as http from ...`.
struct Whole {
  std::string_view name;
  bool is_default = false;
};

std::optional<Whole> whole_of(std::string_view clause) {
  clause = trim(clause);
  const bool is_namespace = clause.starts_with('*');
  if (is_namespace) {
    const std::size_t as = find_word(clause, "as", 0);
    if (as == clause.npos) return std::nullopt;
    clause = trim(clause.substr(as + 2));
  }
  const std::string_view name = word_at(clause);
  if (name.empty()) return std::nullopt;
  return Whole{.name = name, .is_default = !is_namespace};
}

// The members that are asked of `name` behind `from`, with their places; none where the name may
// mean something else too.
std::vector<std::pair<std::string_view, std::size_t>> members_asked(std::string_view code,
                                                                    std::string_view name,
                                                                    std::size_t from) {
  std::vector<std::pair<std::string_view, std::size_t>> asked;
  for (std::size_t at = find_word(code, name, from); at != code.npos;
       at = find_word(code, name, at + name.size())) {
    const std::size_t dot = at + name.size();
    if (dot >= code.size() || code[dot] != '.') return {};
    const std::string_view member = word_at(code.substr(dot + 1));
    if (!member.empty()) asked.emplace_back(member, at);
  }
  return asked;
}

bool has_member(JSContext* context, JSValueConst object, std::string_view member) {
  const JSAtom atom = JS_NewAtomLen(context, member.data(), member.size());
  const int has = JS_IsObject(object) != 0 ? JS_HasProperty(context, object, atom) : 1;
  JS_FreeAtom(context, atom);
  return has != 0;
}

}  // namespace

std::vector<std::string> unknown_members(Engine& engine, std::string_view name,
                                         std::string_view source) {
  std::vector<std::string> all;
  const std::string code = code_only(source);
  for (auto one = next_import(source, code, 0); one; one = next_import(source, code, one->at + 6)) {
    const std::size_t clause = one->at + 6;
    const auto whole = whole_of(std::string_view(code).substr(clause, one->quote - clause));
    if (!whole || !is_builtin_module(one->specifier)) continue;
    const auto asked = members_asked(code, whole->name, one->quote);
    if (asked.empty()) continue;
    const auto space = engine.import_module(std::string(one->specifier));
    if (!space) continue;
    JSContext* const context = engine.context();
    const JsValue object(context, whole->is_default
                                      ? property(context, space->get(), "default").release()
                                      : JS_DupValue(context, space->get()));
    for (const auto& [member, at] : asked) {
      if (has_member(context, object.get(), member)) continue;
      std::string text =
          fmt::format("{}:{}: {} has no {}", name, line_of(code, at), one->specifier, member);
      if (std::ranges::find(all, text) == all.end()) all.push_back(std::move(text));
    }
  }
  return all;
}

}  // namespace brunt
