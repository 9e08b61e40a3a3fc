#include "script/library.h"

#include <algorithm>
#include <array>

#include "base/assert.h"

namespace brunt {
namespace {

constexpr std::string_view jslib_address = "https://jslib.k6.io/";

struct LibraryPart {
  std::string_view name;
  std::span<const JsFunction> (*natives)();
};
constexpr LibraryPart parts[] = {{"files", files_natives},
                                 {"grpc", grpc_natives},
                                 {"html", html_natives},
                                 {"redis", redis_natives},
                                 {"streams", nullptr},
                                 {"text", text_natives},
                                 {"url", nullptr},
                                 {"web_crypto", web_crypto_natives},
                                 {"websocket", websocket_natives},
                                 {"x509", x509_natives}};

struct LibraryGlobal {
  const char* name;
  std::string_view library;
};
constexpr std::array<LibraryGlobal, 8> globals = {{{"Date", "dates"},
                                                   {"TextEncoder", "text"},
                                                   {"TextDecoder", "text"},
                                                   {"atob", "text"},
                                                   {"btoa", "text"},
                                                   {"URL", "url"},
                                                   {"URLSearchParams", "url"},
                                                   {"crypto", "web_crypto"}}};

JSValue natives_of(JSContext* context, std::string_view name) {
  const JSValue object = JS_NewObject(context);
  const auto* const part = std::ranges::find(parts, name, &LibraryPart::name);
  if (part == std::end(parts) || part->natives == nullptr) return object;
  for (const JsFunction& one : part->natives())
    set_property(context, object, one.name,
                 JS_NewCFunction(context, one.code, one.name, one.arguments));
  return object;
}

JSValue run(JSContext* context, std::string_view name) {
  const auto& libraries = Engine::of(context).bundle->libraries;
  const auto code = libraries.find(name);
  ASSERT(code != libraries.end());
  const JSValue read =
      JS_ReadObject(context, reinterpret_cast<const std::uint8_t*>(code->second.data()),
                    code->second.size(), JS_READ_OBJ_BYTECODE);
  if (JS_IsException(read)) return read;
  const JsValue make(context, JS_EvalFunction(context, read));
  if (make.failed()) return js_exception;
  const JsValue natives(context, natives_of(context, name));
  JSValueConst arguments[] = {natives.get()};
  return JS_Call(context, make.get(), js_undefined, 1, arguments);
}

// Replaces the getter by what it got.
void settle_global(JSContext* context, const LibraryGlobal& global, JSValue value) {
  const JsValue object(context, JS_GetGlobalObject(context));
  JS_DefinePropertyValueStr(context, object.get(), global.name, value,
                            JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
}

JSValue get_global(JSContext* context, JSValueConst, int which) {
  const LibraryGlobal& global = globals[static_cast<std::size_t>(which)];
  const JsValue object(context, library(context, global.library));
  if (object.failed()) return js_exception;
  JSValue value = property(context, object.get(), global.name).release();
  settle_global(context, global, JS_DupValue(context, value));
  return value;
}

JSValue set_global(JSContext* context, JSValueConst, JSValueConst value, int which) {
  settle_global(context, globals[static_cast<std::size_t>(which)], JS_DupValue(context, value));
  return js_undefined;
}

}  // namespace

std::optional<std::string> jslib_module(std::string_view specifier) {
  if (!specifier.starts_with(jslib_address)) return std::nullopt;
  const std::string_view rest = specifier.substr(jslib_address.size());
  const std::string module = std::string(jslib_address).append(rest.substr(0, rest.find('/')));
  if (jslib_source(module).empty()) return std::nullopt;
  return module;
}

std::string_view jslib_source(std::string_view module) {
  if (!module.starts_with(jslib_address)) return {};
  for (const LibrarySource& source : library_sources)
    if (source.name.starts_with(jslib_folder) &&
        source.name.substr(jslib_folder.size()) == module.substr(jslib_address.size()))
      return source.text;
  return {};
}

std::string jslib_names() {
  constexpr std::array<std::string_view, 2> for_others = {"jslib/aws-signature", "jslib/chai"};
  std::string names;
  for (const LibrarySource& source : library_sources)
    if (source.name.starts_with(jslib_folder) &&
        std::ranges::find(for_others, source.name) == for_others.end())
      names.append(names.empty() ? "" : ", ").append(source.name.substr(jslib_folder.size()));
  return names;
}

JSValue library(JSContext* context, std::string_view name) {
  auto& kept = Engine::of(context).libraries;
  const auto found = std::ranges::find(kept, name, [](const auto& one) { return one.first; });
  if (found != kept.end()) return JS_DupValue(context, found->second);
  const JSValue made = run(context, name);
  if (!JS_IsException(made)) kept.emplace_back(name, JS_DupValue(context, made));
  return made;
}

void add_library_globals(JSContext* context) {
  const JsValue object(context, JS_GetGlobalObject(context));
  // What library/dates.js makes its Date of.
  JS_DefinePropertyValueStr(context, object.get(), "__brunt_date",
                            property(context, object.get(), "Date").release(), 0);
  for (std::size_t i = 0; i < globals.size(); ++i) {
    JSCFunctionType get{}, set{};
    get.getter_magic = get_global;
    set.setter_magic = set_global;
    const JSAtom name = JS_NewAtom(context, globals[i].name);
    const int magic = static_cast<int>(i);
    JS_DefinePropertyGetSet(
        context, object.get(), name,
        JS_NewCFunction2(context, get.generic, globals[i].name, 0, JS_CFUNC_getter_magic, magic),
        JS_NewCFunction2(context, set.generic, globals[i].name, 1, JS_CFUNC_setter_magic, magic),
        JS_PROP_CONFIGURABLE);
    JS_FreeAtom(context, name);
  }
}

}  // namespace brunt
