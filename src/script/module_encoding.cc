// The module k6/encoding: Base64 in four spellings.
#include <fmt/format.h>

#include <algorithm>

#include "base/base64.h"
#include "script/builtin_modules.h"
#include "script/module_exports.h"
#include "script/script_bytes.h"

namespace brunt {
namespace {

struct Spelling {
  bool is_url_safe = false;
  bool is_padded = true;
};

std::optional<Spelling> spelling_of(JSContext* context, int count, JSValueConst* arguments) {
  const std::string name =
      count > 1 && !is_nothing(arguments[1]) ? text_of(context, arguments[1]) : "std";
  if (name == "std" || name.empty()) return Spelling{};
  if (name == "rawstd") return Spelling{.is_padded = false};
  if (name == "url") return Spelling{.is_url_safe = true};
  if (name == "rawurl") return Spelling{.is_url_safe = true, .is_padded = false};
  (void)throw_error(context,
                    fmt::format("encoding {}: there are std, rawstd, url and rawurl", name));
  return std::nullopt;
}

JSValue encode(JSContext* context, JSValueConst, int count, JSValueConst* arguments) {
  std::string bytes;
  const auto spelling = spelling_of(context, count, arguments);
  if (!spelling || !read_bytes(context, count > 0 ? arguments[0] : js_undefined, bytes))
    return js_exception;
  std::string text = spelling->is_url_safe ? base64url_encode(bytes) : base64_encode(bytes);
  while (!spelling->is_padded && text.ends_with('=')) text.pop_back();
  while (spelling->is_padded && text.size() % 4 != 0) text += '=';
  return js_string(context, text);
}

// Only this spelling, and no other that base64_decode() would understand.
bool is_spelled(std::string_view text, const Spelling& spelling) {
  if (spelling.is_padded ? text.size() % 4 != 0 : text.ends_with('=')) return false;
  return text.find_first_of(spelling.is_url_safe ? "+/" : "-_") == std::string_view::npos;
}

JSValue decode(JSContext* context, JSValueConst, int count, JSValueConst* arguments) {
  const auto spelling = spelling_of(context, count, arguments);
  if (!spelling) return js_exception;
  std::string text = text_of(context, count > 0 ? arguments[0] : js_undefined);
  std::erase_if(text, [](char c) { return c == '\r' || c == '\n'; });
  const auto bytes = base64_decode(text);
  if (!bytes || !is_spelled(text, *spelling))
    return throw_error(context, fmt::format("illegal base64 data: {:.40}", text));
  const bool as_text = count > 2 && text_of(context, arguments[2]) == "s";
  return as_text ? js_string(context, *bytes) : js_array_buffer(context, *bytes);
}

constexpr JsFunction functions[] = {{"b64encode", encode, 2}, {"b64decode", decode, 3}};

int fill(JSContext* context, JSModuleDef* module) {
  ModuleExports exports(context, module);
  exports.give(functions);
  return exports.finish();
}

}  // namespace

JSModuleDef* make_encoding_module(JSContext* context) {
  return declare_module(context, "k6/encoding", fill, functions);
}

}  // namespace brunt
