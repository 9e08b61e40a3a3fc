// What is global in a script: console, open(), require(), __ENV and __VU.
#include <fmt/format.h>

#include <array>

#include "script/commonjs.h"
#include "script/json_words.h"
#include "script/library.h"
#include "script/opened_file.h"
#include "script/script_body.h"
#include "script/script_bytes.h"
#include "script/secret_sources.h"
#include "script/source_files.h"

namespace brunt {
namespace {

// As people want to read it, and as k6 shows it: texts bare, objects by library/console.js.
std::string said(JSContext* context, JSValueConst value) {
  if (!JS_IsObject(value) || JS_IsError(context, value) != 0) return text_of(context, value);
  const JsValue console(context, library(context, "console"));
  const JsValue show = property(context, console.get(), "show");
  JSValueConst arguments[] = {value};
  const JsValue shown(context, JS_Call(context, show.get(), js_undefined, 1, arguments));
  if (!shown.failed()) return text_of(context, shown.get());
  JS_FreeValue(context, JS_GetException(context));  // A getter of the script's own threw.
  return text_of(context, value);
}

JSValue console_say(JSContext* context, JSValueConst, int count, JSValueConst* arguments,
                    int level) {
  static constexpr std::array<const char*, 5> levels = {"log", "info", "debug", "warn", "error"};
  std::string text = fmt::format("console.{}:", levels[static_cast<std::size_t>(level)]);
  for (int i = 0; i < count; ++i) text.append(" ").append(said(context, arguments[i]));
  Engine& engine = Engine::of(context);
  if (engine.body != nullptr) {
    engine.body->say(text);
  } else if (engine.reading == nullptr && engine.vu != nullptr && engine.vu->id > 1) {
    return js_undefined;  // Init code says the same in every VU.
  } else if (engine.reading != nullptr) {
    engine.sources->say(redacted(*engine.bundle, text));
  }
  return js_undefined;
}

JSValue open_file(JSContext* context, JSValueConst, int count, JSValueConst* arguments) {
  const JsText name(context, arguments[0]);
  if (!name.ok()) return js_exception;
  const auto file = open_in_init(context, name.view());
  if (!file) return throw_error(context, file.error().text);
  if (count > 1 && text_of(context, arguments[1]) == "b")
    return js_array_buffer(context, file->bytes);
  return js_string(context, file->bytes);
}

// Made when it is first looked at: most scripts need none of the machine's variables.
JSValue get_environment(JSContext* context, JSValueConst, int, JSValueConst*) {
  const Engine& engine = Engine::of(context);
  const JSValue environment = JS_NewObject(context);
  const auto add = [&](const std::map<std::string, std::string>& values) {
    for (const auto& [name, value] : values)
      set_property(context, environment, name.c_str(), js_string(context, value));
  };
  add(engine.bundle->environment);
  if (engine.scenario_call != nullptr) add(engine.scenario_call->environment);
  const JsValue global(context, JS_GetGlobalObject(context));
  set_property(context, global.get(), "__ENV", JS_DupValue(context, environment));
  return environment;
}

// JSON.parse(): the engine's own, which `parse` holds; what is no JSON is told in k6's words.
JSValue parse_json(JSContext* context, JSValueConst self, int count, JSValueConst* arguments, int,
                   JSValue* parse) {
  const JSValue value = JS_Call(context, *parse, self, count, arguments);
  if (!JS_IsException(value)) return value;
  const JsValue exception(context, JS_GetException(context));
  const std::string words =
      syntax_error_of_json(count > 0 ? text_of(context, arguments[0]) : "undefined");
  if (words.empty()) return JS_Throw(context, JS_DupValue(context, exception.get()));
  return JS_ThrowSyntaxError(context, "%s", words.c_str());
}

void add_json_parse(JSContext* context, JSValueConst global) {
  const JsValue json = property(context, global, "JSON");
  const JsValue parse = property(context, json.get(), "parse");
  JSValueConst held[] = {parse.get()};
  JS_DefinePropertyValueStr(context, json.get(), "parse",
                            JS_NewCFunctionData(context, parse_json, 2, 0, 1, held),
                            JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
}

}  // namespace

void add_globals(JSContext* context) {
  const JsValue global(context, JS_GetGlobalObject(context));
  const JSValue console = JS_NewObject(context);
  int level = 0;
  for (const char* name : {"log", "info", "debug", "warn", "error"})
    set_property(
        context, console, name,
        JS_NewCFunctionMagic(context, console_say, name, 0, JS_CFUNC_generic_magic, level++));
  set_property(context, global.get(), "console", console);
  set_property(context, global.get(), "global", JS_DupValue(context, global.get()));
  set_property(context, global.get(), "open", JS_NewCFunction(context, open_file, "open", 1));
  set_property(context, global.get(), "require",
               JS_NewCFunction(context, js_require, "require", 1));
  add_timers(context, global.get());
  add_json_parse(context, global.get());
  const JSAtom name = JS_NewAtom(context, "__ENV");
  JS_DefinePropertyGetSet(context, global.get(), name,
                          JS_NewCFunction(context, get_environment, "__ENV", 0), js_undefined,
                          JS_PROP_CONFIGURABLE | JS_PROP_ENUMERABLE);
  JS_FreeAtom(context, name);
  set_property(context, global.get(), "__ITER", js_undefined);
  const PlanVu* vu = Engine::of(context).vu;
  set_property(context, global.get(), "__VU",
               JS_NewInt64(context, vu != nullptr ? static_cast<std::int64_t>(vu->id) : 0));
}

}  // namespace brunt
