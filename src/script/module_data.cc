// The module k6/data: SharedArray. Made once while the script is read, for all virtual users of all
// threads; nothing changes it afterwards, so that nobody locks.
#include <fmt/format.h>

#include <charconv>

#include "script/builtin_modules.h"
#include "script/classes.h"
#include "script/module_exports.h"
#include "script/shared_array.h"

namespace brunt {
namespace {

constexpr std::size_t depth_max = 500;  // QuickJS's JSON.parse recurses on the VU's small stack.

// The depth of JSON that is well formed.
std::size_t depth_of(std::string_view json) {
  std::size_t depth = 0, deepest = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_text && c == '\\') ++i;
    if (c == '"') in_text = !in_text;
    if (in_text) continue;
    if (c == '[' || c == '{') deepest = std::max(deepest, ++depth);
    if (c == ']' || c == '}') --depth;
  }
  return deepest;
}

const SharedRows& rows_of(JSValueConst handler) {
  return *static_cast<const SharedRows*>(JS_GetOpaque(handler, class_ids().shared_array));
}

// Makes every property of every object in `value` read-only.
bool freeze_all(JSContext* context, JSValueConst value) {
  std::vector<JsValue> open;
  open.emplace_back(context, JS_DupValue(context, value));
  while (!open.empty()) {
    const JsValue object = std::move(open.back());
    open.pop_back();
    JSPropertyEnum* table = nullptr;
    std::uint32_t count = 0;
    if (!JS_IsObject(object.get())) continue;
    if (JS_GetOwnPropertyNames(context, &table, &count, object.get(), JS_GPN_STRING_MASK) < 0)
      return false;
    for (std::uint32_t i = 0; i < count; ++i) {
      open.emplace_back(context, JS_GetProperty(context, object.get(), table[i].atom));
      if (!JS_IsObject(open.back().get())) open.pop_back();
      JS_DefineProperty(context, object.get(), table[i].atom, js_undefined, js_undefined,
                        js_undefined, JS_PROP_HAS_CONFIGURABLE | JS_PROP_HAS_WRITABLE);
      JS_FreeAtom(context, table[i].atom);
    }
    js_free(context, table);
    if (JS_PreventExtensions(context, object.get()) < 0) return false;
  }
  return true;
}

// The place that a property's name means in `rows`.
std::optional<std::size_t> place_of(const SharedRows& rows, std::string_view name) {
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
  if (error != std::errc() || end != name.data() + name.size() || index >= rows.size() ||
      (name.size() > 1 && name[0] == '0'))
    return std::nullopt;
  return index;
}

// The traps of a Proxy whose target is an empty array; `self` is the handler. What is not an
// element or the length is the target's: the methods of Array.prototype.
JSValue trap_get(JSContext* context, JSValueConst self, int, JSValueConst* arguments) {
  const SharedRows& rows = rows_of(self);
  if (JS_IsString(arguments[1])) {
    const JsText name(context, arguments[1]);
    if (!name.ok()) return js_exception;
    if (const auto index = place_of(rows, name.view())) return row_of(context, rows, *index);
    if (name.view() == "length")
      return JS_NewInt64(context, static_cast<std::int64_t>(rows.size()));
  }
  const JSAtom atom = JS_ValueToAtom(context, arguments[1]);
  const JSValue value = JS_GetProperty(context, arguments[0], atom);
  JS_FreeAtom(context, atom);
  return value;
}

JSValue trap_has(JSContext* context, JSValueConst self, int, JSValueConst* arguments) {
  if (JS_IsString(arguments[1]) && place_of(rows_of(self), text_of(context, arguments[1])))
    return js_bool(true);
  const JSAtom atom = JS_ValueToAtom(context, arguments[1]);
  const int has = JS_HasProperty(context, arguments[0], atom);
  JS_FreeAtom(context, atom);
  return has < 0 ? js_exception : js_bool(has != 0);
}

JSValue trap_keys(JSContext* context, JSValueConst self, int, JSValueConst*) {
  const JSValue keys = JS_NewArray(context);
  const std::size_t count = rows_of(self).size();
  for (std::size_t i = 0; i < count; ++i)
    JS_SetPropertyUint32(context, keys, static_cast<std::uint32_t>(i),
                         js_string(context, std::to_string(i)));
  JS_SetPropertyUint32(context, keys, static_cast<std::uint32_t>(count),
                       js_string(context, "length"));
  return keys;
}

JSValue trap_describe(JSContext* context, JSValueConst self, int, JSValueConst* arguments) {
  const SharedRows& rows = rows_of(self);
  const std::string name =
      JS_IsString(arguments[1]) ? text_of(context, arguments[1]) : std::string();
  const auto index = place_of(rows, name);
  if (!index && name != "length") return js_undefined;
  JsValue value(context, index ? row_of(context, rows, *index)
                               : JS_NewInt64(context, static_cast<std::int64_t>(rows.size())));
  if (value.failed()) return js_exception;
  const JSValue description = JS_NewObject(context);
  set_property(context, description, "value", value.release());
  set_property(context, description, "enumerable", js_bool(index.has_value()));
  set_property(context, description, "configurable", js_bool(index.has_value()));
  // As the target's own length is: a proxy may not say otherwise.
  set_property(context, description, "writable", js_bool(!index));
  return description;
}

JSValue trap_change(JSContext* context, JSValueConst, int, JSValueConst*) {
  return JS_ThrowTypeError(context, "SharedArray is immutable");
}

JSValue js_make(JSContext* context, JSValueConst, int count, JSValueConst* arguments) {
  if (!Engine::of(context).in_init)
    return throw_error(context, "new SharedArray must be called in the init context");
  const JsText name(context, count > 0 ? arguments[0] : js_undefined);
  if (!name.ok()) return js_exception;
  if (name.view().empty())
    return throw_error(context, "empty name provided to SharedArray's constructor");
  if (count < 2 || JS_IsFunction(context, arguments[1]) == 0)
    return throw_error(context,
                       "a function is expected as the second argument of SharedArray's "
                       "constructor");
  return shared_array_of(context, name.view(), arguments[1]);
}

// Its prototype has the traps.
void add_handler_class(JSContext* context) {
  const JSClassDef definition{.class_name = "SharedArrayHandler"};
  JS_NewClass(JS_GetRuntime(context), class_ids().shared_array, &definition);
  const JSValue prototype = JS_NewObject(context);
  for (const JsFunction& trap :
       {JsFunction{"get", trap_get, 3}, JsFunction{"has", trap_has, 2},
        JsFunction{"ownKeys", trap_keys, 1},
        JsFunction{"getOwnPropertyDescriptor", trap_describe, 2}, JsFunction{"set", trap_change, 4},
        JsFunction{"deleteProperty", trap_change, 2}, JsFunction{"defineProperty", trap_change, 3},
        JsFunction{"preventExtensions", trap_change, 1},
        JsFunction{"setPrototypeOf", trap_change, 2}})
    set_property(context, prototype, trap.name,
                 JS_NewCFunction(context, trap.code, trap.name, trap.arguments));
  JS_SetClassProto(context, class_ids().shared_array, prototype);
}

constexpr const char* names[] = {"SharedArray"};

int fill(JSContext* context, JSModuleDef* module) {
  ModuleExports exports(context, module);
  exports.give(names[0], JS_NewCFunction2(context, js_make, names[0], 2, JS_CFUNC_constructor, 0));
  return exports.finish();
}

}  // namespace

bool append_rows(JSContext* context, JSValueConst elements, SharedRows& rows) {
  std::uint32_t count = 0;
  const JsValue length = property(context, elements, "length");
  if (JS_ToUint32(context, &count, length.get()) < 0) return false;
  for (std::uint32_t i = 0; i < count; ++i) {
    const JsValue value(context, JS_GetPropertyUint32(context, elements, i));
    const JsValue json(context, JS_JSONStringify(context, value.get(), js_undefined, js_undefined));
    if (json.failed()) return false;
    if (JS_IsUndefined(json.get())) {
      rows.add("null");
      continue;
    }
    const JsText text(context, json.get());
    if (!text.ok()) return false;
    if (depth_of(text.view()) > depth_max) {
      (void)throw_error(context, fmt::format("SharedArray: element {} is nested too deep", i));
      return false;
    }
    rows.add(text.view());
  }
  rows.text.shrink_to_fit();
  rows.ends.shrink_to_fit();
  return true;
}

JSValue row_of(JSContext* context, const SharedRows& rows, std::size_t index) {
  const std::string_view row = rows.row(index);
  JsValue value(context, JS_ParseJSON(context, row.data(), row.size(), "SharedArray"));
  if (value.failed() || !freeze_all(context, value.get())) return js_exception;
  return value.release();
}

JSValue make_shared_array(JSContext* context, const SharedRows& rows) {
  if (JS_IsRegisteredClass(JS_GetRuntime(context), class_ids().shared_array) == 0)
    add_handler_class(context);
  JsValue handler(context, JS_NewObjectClass(context, static_cast<int>(class_ids().shared_array)));
  if (handler.failed()) return js_exception;
  JS_SetOpaque(handler.get(), const_cast<SharedRows*>(&rows));
  const JsValue global(context, JS_GetGlobalObject(context));
  const JsValue proxy = property(context, global.get(), "Proxy");
  const JsValue target(context, JS_NewArray(context));
  JSValueConst arguments[] = {target.get(), handler.get()};
  return JS_CallConstructor(context, proxy.get(), 2, arguments);
}

JSValue shared_array_of(JSContext* context, std::string_view name, JSValueConst make) {
  Engine& engine = Engine::of(context);
  const auto found = engine.bundle->shared_arrays.find(name);
  if (found != engine.bundle->shared_arrays.end()) return make_shared_array(context, found->second);
  if (engine.reading == nullptr)
    return throw_error(context, fmt::format("SharedArray {}: it was not made when the script was "
                                            "read: init code must make the same ones each time",
                                            name));
  const JsValue elements(context, JS_Call(context, make, js_undefined, 0, nullptr));
  if (elements.failed()) return js_exception;
  if (JS_IsArray(context, elements.get()) <= 0)
    return throw_error(context, "only arrays can be made into SharedArray");
  SharedRows rows;
  if (!append_rows(context, elements.get(), rows)) return js_exception;
  return make_shared_array(
      context,
      engine.reading->shared_arrays.emplace(std::string(name), std::move(rows)).first->second);
}

JSModuleDef* make_data_module(JSContext* context) {
  return declare_module(context, "k6/data", fill, names);
}

}  // namespace brunt
