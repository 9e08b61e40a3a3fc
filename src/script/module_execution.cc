// The module k6/execution: who runs, and what for. Only what can be known on this loop.
#include "load/scenario_options.h"
#include "script/builtin_modules.h"
#include "script/engine.h"
#include "script/script_body.h"

namespace brunt {
namespace {

JSValue number(JSContext* context, std::uint64_t value) {
  return JS_NewInt64(context, static_cast<std::int64_t>(value));
}

void add_getter(JSContext* context, JSValueConst object, const char* name, JSCFunction* code) {
  const JSAtom atom = JS_NewAtom(context, name);
  JS_DefinePropertyGetSet(context, object, atom, JS_NewCFunction(context, code, name, 0),
                          js_undefined, JS_PROP_CONFIGURABLE | JS_PROP_ENUMERABLE);
  JS_FreeAtom(context, atom);
}

Engine* running(JSContext* context) {
  Engine& engine = Engine::of(context);
  if (engine.body != nullptr) return &engine;
  (void)throw_error(context, "k6/execution says nothing in init code, outside of functions");
  return nullptr;
}

JSValue get_scenario(JSContext* context, JSValueConst, int, JSValueConst*) {
  Engine* engine = running(context);
  if (engine == nullptr) return js_exception;
  const Scenario& scenario = engine->body->scenario().scenario;
  const JSValue object = JS_NewObject(context);
  set_property(context, object, "name", js_string(context, scenario.name));
  set_property(context, object, "executor", js_string(context, name_of(scenario.load.executor)));
  if (engine->iteration != nullptr) {
    set_property(context, object, "iterationInTest", number(context, engine->iteration->index));
    set_property(context, object, "iterationInInstance",
                 number(context, engine->iteration->index_in_instance));
  }
  return object;
}

JSValue get_vu(JSContext* context, JSValueConst, int, JSValueConst*) {
  Engine* engine = running(context);
  if (engine == nullptr) return js_exception;
  const JSValue object = JS_NewObject(context);
  set_property(context, object, "idInTest", number(context, engine->vu->id));
  set_property(context, object, "idInInstance", number(context, engine->id_in_instance));
  set_property(context, object, "iterationInInstance", number(context, engine->vu->iteration));
  set_property(context, object, "iterationInScenario", number(context, engine->vu->iteration));
  return object;
}

JSValue get_options(JSContext* context, JSValueConst, int, JSValueConst*) {
  const std::string& text = Engine::of(context).bundle->options;
  return text.empty() ? JS_NewObject(context)
                      : JS_ParseJSON(context, text.c_str(), text.size(), "options");
}

int fill(JSContext* context, JSModuleDef* module) {
  const JSValue all = JS_NewObject(context);
  add_getter(context, all, "scenario", get_scenario);
  add_getter(context, all, "vu", get_vu);
  const JSValue test = JS_NewObject(context);
  add_getter(context, test, "options", get_options);
  set_property(context, all, "test", test);
  JS_SetModuleExport(context, module, "default", all);
  return 0;
}

}  // namespace

JSModuleDef* make_execution_module(JSContext* context) {
  JSModuleDef* module = JS_NewCModule(context, "k6/execution", fill);
  if (module == nullptr) return nullptr;
  JS_AddModuleExport(context, module, "default");
  return module;
}

}  // namespace brunt
