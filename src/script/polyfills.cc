#include "script/polyfills.h"

#include <array>
#include <string_view>

#include "script/library.h"

namespace brunt {
namespace {

struct Polyfill {
  std::string_view of;  // Whose; also its name in library/language.js.
  const char* name;
  std::uint8_t arguments;
};
constexpr std::array<Polyfill, 17> polyfills = {{{"Array", "at", 1},
                                                 {"Array", "findLastIndex", 1},
                                                 {"Array", "findLast", 1},
                                                 {"Array", "toReversed", 0},
                                                 {"Array", "toSorted", 1},
                                                 {"Array", "toSpliced", 2},
                                                 {"Array", "with", 2},
                                                 {"String", "at", 1},
                                                 {"TypedArray", "at", 1},
                                                 {"TypedArray", "findLastIndex", 1},
                                                 {"TypedArray", "findLast", 1},
                                                 {"TypedArray", "toReversed", 0},
                                                 {"TypedArray", "toSorted", 1},
                                                 {"TypedArray", "with", 2},
                                                 {"Object", "hasOwn", 2},
                                                 {"Object", "groupBy", 2},
                                                 {"global", "structuredClone", 1}}};

// Where those of `of` belong.
JsValue home(JSContext* context, std::string_view of) {
  const JsValue global(context, JS_GetGlobalObject(context));
  if (of == "global") return JsValue(context, JS_DupValue(context, global.get()));
  if (of == "Object") return property(context, global.get(), "Object");
  const bool is_typed = of == "TypedArray";
  const JsValue type = property(context, global.get(),
                                is_typed        ? "Uint8Array"
                                : of == "Array" ? "Array"
                                                : "String");
  JsValue prototype = property(context, type.get(), "prototype");
  if (!is_typed) return prototype;
  return JsValue(context, JS_GetPrototype(context, prototype.get()));
}

// Stands for one of them until it is called: then the library's takes its place.
JSValue call_polyfill(JSContext* context, JSValueConst self, int count, JSValueConst* arguments,
                      int which) {
  const Polyfill& polyfill = polyfills[static_cast<std::size_t>(which)];
  const JsValue language(context, library(context, "language"));
  if (language.failed()) return js_exception;
  const JsValue members = property(context, language.get(), std::string(polyfill.of).c_str());
  const JsValue code = property(context, members.get(), polyfill.name);
  JS_DefinePropertyValueStr(context, home(context, polyfill.of).get(), polyfill.name,
                            JS_DupValue(context, code.get()),
                            JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
  return JS_Call(context, code.get(), self, count, arguments);
}

// The engine makes a function of an entry when it is first asked for.
using Entries = std::array<JSCFunctionListEntry, polyfills.size()>;
const Entries& entries() {
  static const Entries made = [] {
    Entries all{};
    for (std::size_t i = 0; i < all.size(); ++i) {
      all[i].name = polyfills[i].name;
      all[i].prop_flags = JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE;
      all[i].def_type = JS_DEF_CFUNC;
      all[i].magic = static_cast<std::int16_t>(i);
      all[i].u.func.length = polyfills[i].arguments;
      all[i].u.func.cproto = JS_CFUNC_generic_magic;
      all[i].u.func.cfunc.generic_magic = call_polyfill;
    }
    return all;
  }();
  return made;
}

}  // namespace

void add_polyfills(JSContext* context) {
  for (std::size_t i = 0; i < polyfills.size(); ++i) {
    const JsValue object = home(context, polyfills[i].of);
    const JSAtom name = JS_NewAtom(context, polyfills[i].name);
    if (JS_HasProperty(context, object.get(), name) == 0)
      JS_SetPropertyFunctionList(context, object.get(), &entries()[i], 1);
    JS_FreeAtom(context, name);
  }
}

}  // namespace brunt
