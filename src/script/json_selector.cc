// The paths of res.json(path): a part of GJSON's language, the part that k6's users write: names,
// numbers, wildcards, `#` for each or for the count, `#(last=="Murphy")` for the first that is so,
// `#(...)#` for all.
#include <optional>

#include "base/text.h"
#include "base/units.h"
#include "script/exchange.h"

namespace brunt {
namespace {

// Where `#(` of the path is closed: behind quotes and inner parentheses; npos: nowhere.
std::size_t end_of_query(std::string_view path) {
  int open = 0;
  bool in_quotes = false;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '\\') {
      ++i;
    } else if (path[i] == '"') {
      in_quotes = !in_quotes;
    } else if (!in_quotes && path[i] == '(') {
      ++open;
    } else if (!in_quotes && path[i] == ')' && --open == 0) {
      return i;
    }
  }
  return std::string_view::npos;
}

struct Part {
  std::string name;      // Without its backslashes.
  bool is_wild = false;  // Has '*' or '?' that stand for others.
};

// Up to the next dot that is not behind a backslash; takes it from `path`.
Part take_part(std::string_view& path) {
  Part part;
  std::size_t i = 0;
  for (; i < path.size() && path[i] != '.' && path[i] != '|'; ++i) {
    if (path[i] == '*' || path[i] == '?') part.is_wild = true;
    if (path[i] == '\\' && i + 1 < path.size()) ++i;
    part.name += path[i];
  }
  path.remove_prefix(i < path.size() ? i + 1 : path.size());
  return part;
}

// `*`: any characters, `?`: one. Without recursion: back to the last star where it goes wrong.
bool fits_wildcard(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t]) && pattern[p] != '*') {
      ++p;
      ++t;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

struct Query {
  std::string_view path, op, value;  // No `op`: it has to be there.
};

Query query_of(std::string_view text) {
  constexpr std::string_view operators[] = {"!=", "!%", "<=", ">=", "==", "=", "<", ">", "%"};
  bool in_quotes = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') in_quotes = !in_quotes;
    if (in_quotes) continue;
    for (const std::string_view op : operators)
      if (text.substr(i).starts_with(op))
        return {trim(text.substr(0, i)), op, trim(text.substr(i + op.size()))};
  }
  return {trim(text), {}, {}};
}

bool holds_order(std::string_view op, auto left, auto right) {
  if (op == "=" || op == "==") return left == right;
  if (op == "!=") return left != right;
  if (op == "<") return left < right;
  if (op == "<=") return left <= right;
  if (op == ">") return left > right;
  return op == ">=" && left >= right;
}

bool holds(JSContext* context, JSValueConst element, const Query& query) {
  const JsValue found(context, select_json(context, element, query.path));
  if (JS_IsUndefined(found.get())) return false;
  if (query.op.empty()) return true;
  const bool is_text = query.value.starts_with('"');
  if (!is_text && JS_IsNumber(found.get()) != 0) {
    double number = 0;
    JS_ToFloat64(context, &number, found.get());
    const auto wanted = parse_number(query.value);
    return wanted && holds_order(query.op, number, *wanted);
  }
  if (is_text != (JS_IsString(found.get()) != 0)) return false;
  const std::string text = text_of(context, found.get());
  std::string_view wanted = query.value;
  if (is_text) wanted = wanted.substr(1, wanted.size() < 2 ? 0 : wanted.size() - 2);
  if (query.op == "%") return fits_wildcard(wanted, text);
  if (query.op == "!%") return !fits_wildcard(wanted, text);
  return holds_order(query.op, std::string_view(text), wanted);
}

std::uint32_t length_of(JSContext* context, JSValueConst list) {
  const JsValue length = property(context, list, "length");
  std::uint32_t count = 0;
  JS_ToUint32(context, &count, length.get());
  return count;
}

// Of each element that the query lets through what the rest of the path names.
JSValue select_each(JSContext* context, JSValueConst list, std::optional<Query> query,
                    std::string_view rest) {
  const JSValue found = JS_NewArray(context);
  std::uint32_t next = 0;
  for (std::uint32_t i = 0; i < length_of(context, list); ++i) {
    const JsValue element(context, JS_GetPropertyUint32(context, list, i));
    if (query && !holds(context, element.get(), *query)) continue;
    const JSValue one = select_json(context, element.get(), rest);
    if (!JS_IsUndefined(one)) JS_SetPropertyUint32(context, found, next++, one);
  }
  return found;
}

// `path` begins with "#(".
JSValue select_by_query(JSContext* context, JSValueConst list, std::string_view path) {
  const std::size_t end = end_of_query(path);
  if (end == std::string_view::npos) return js_undefined;
  const Query query = query_of(path.substr(2, end - 2));
  std::string_view rest = path.substr(end + 1);
  const bool all = rest.starts_with('#');
  if (all) rest.remove_prefix(1);
  if (!rest.empty()) rest.remove_prefix(1);  // The dot.
  if (all) return select_each(context, list, query, rest);
  for (std::uint32_t i = 0; i < length_of(context, list); ++i) {
    const JsValue element(context, JS_GetPropertyUint32(context, list, i));
    if (holds(context, element.get(), query)) return select_json(context, element.get(), rest);
  }
  return js_undefined;
}

}  // namespace

JSValue select_json(JSContext* context, JSValueConst value, std::string_view selector) {
  if (selector.empty()) return JS_DupValue(context, value);
  if (!JS_IsObject(value)) return js_undefined;
  const bool is_list = JS_IsArray(context, value) > 0;
  if (is_list && selector.starts_with("#(")) return select_by_query(context, value, selector);
  const Part part = take_part(selector);
  if (is_list && part.name == "#")
    return selector.empty() ? JS_NewInt64(context, length_of(context, value))
                            : select_each(context, value, std::nullopt, selector);
  if (part.is_wild)
    for (const std::string& name : property_names(context, value))
      if (fits_wildcard(part.name, name)) {
        const JsValue member = property(context, value, name.c_str());
        return select_json(context, member.get(), selector);
      }
  const JsValue member = property(context, value, part.name.c_str());
  return select_json(context, member.get(), selector);
}

}  // namespace brunt
