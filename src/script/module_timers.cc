// setTimeout, setInterval and their like: global, and the module k6/timers.
#include <fmt/format.h>

#include <cmath>

#include "base/units.h"
#include "script/builtin_modules.h"
#include "script/engine.h"
#include "script/module_exports.h"

namespace brunt {
namespace {

constexpr const char* names[] = {"setTimeout", "setInterval"};

// (callback, milliseconds, arguments ...): the timer's number.
JSValue js_set(JSContext* context, JSValueConst, int count, JSValueConst* arguments, int repeats) {
  Engine& engine = Engine::of(context);
  const char* name = names[repeats];
  if (JS_IsFunction(context, arguments[0]) == 0)
    return throw_error(context, fmt::format("{}() takes a function and milliseconds", name));
  double milliseconds = 0;
  if (count > 1 && JS_ToFloat64(context, &milliseconds, arguments[1]) < 0) return js_exception;
  constexpr double longest = 1e12;
  if (!(milliseconds > 0)) milliseconds = 0;
  std::vector<JSValue> rest;
  for (int i = 2; i < count; ++i) rest.push_back(JS_DupValue(context, arguments[i]));
  const auto id = engine.events.add_timer(
      {.callback = arguments[0],
       .arguments = std::move(rest),
       .delay = from_seconds(std::min(milliseconds, longest) / 1000 / engine.bundle->time_scale),
       .repeats = repeats != 0});
  if (!id) return throw_error(context, id.error().text);
  return JS_NewInt64(context, *id);
}

JSValue js_clear(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  std::uint32_t id = 0;
  if (JS_IsNumber(arguments[0]) == 0) return js_undefined;
  if (JS_ToUint32(context, &id, arguments[0]) < 0) return js_exception;
  Engine::of(context).events.clear_timer(id);
  return js_undefined;
}

constexpr JsFunction clearing[] = {{"clearTimeout", js_clear, 1}, {"clearInterval", js_clear, 1}};

// The very functions that are global.
int fill(JSContext* context, JSModuleDef* module) {
  ModuleExports exports(context, module);
  const JsValue global(context, JS_GetGlobalObject(context));
  for (const char* name : names)
    exports.give(name, property(context, global.get(), name).release());
  for (const JsFunction& function : clearing)
    exports.give(function.name, property(context, global.get(), function.name).release());
  return exports.finish();
}

}  // namespace

void add_timers(JSContext* context, JSValueConst target) {
  for (int repeats = 0; repeats < 2; ++repeats)
    set_property(
        context, target, names[repeats],
        JS_NewCFunctionMagic(context, js_set, names[repeats], 2, JS_CFUNC_generic_magic, repeats));
  for (const auto& [name, code, count] : clearing)
    set_property(context, target, name, JS_NewCFunction(context, code, name, count));
}

JSModuleDef* make_timers_module(JSContext* context) {
  return declare_module(context, "k6/timers", fill, names, clearing);
}

}  // namespace brunt
