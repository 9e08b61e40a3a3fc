// The module k6/execution: who runs, what for and how the run goes, and a script's word on its run.
#include <fmt/format.h>

#include <algorithm>

#include "load/scenario_options.h"
#include "script/builtin_modules.h"
#include "script/engine.h"
#include "script/module_exports.h"
#include "script/script_body.h"
#include "script/vu_tags.h"

namespace brunt {
namespace {

JSValue number(JSContext* context, std::uint64_t value) {
  return JS_NewInt64(context, static_cast<std::int64_t>(value));
}

Engine* running(JSContext* context) {
  Engine& engine = Engine::of(context);
  if (engine.body != nullptr) return &engine;
  (void)throw_error(context, "k6/execution says nothing in init code, outside of functions");
  return nullptr;
}

struct ExecutionFigure {
  enum : int {
    // instance
    duration,
    completed,
    interrupted,
    vus_active,
    vus_initialized,
    // scenario
    name,
    executor,
    start_time,
    progress,
    iteration_in_instance,
    iteration_in_test,
    // vu
    id_in_instance,
    id_in_test,
    vu_iteration_in_instance,
    vu_iteration_in_scenario,
  };
};

struct ExecutionMember {
  const char* name;
  int figure;
};
constexpr ExecutionMember instance_members[] = {
    {"currentTestRunDuration", ExecutionFigure::duration},
    {"iterationsCompleted", ExecutionFigure::completed},
    {"iterationsInterrupted", ExecutionFigure::interrupted},
    {"vusActive", ExecutionFigure::vus_active},
    {"vusInitialized", ExecutionFigure::vus_initialized}};
constexpr ExecutionMember scenario_members[] = {
    {"name", ExecutionFigure::name},
    {"executor", ExecutionFigure::executor},
    {"startTime", ExecutionFigure::start_time},
    {"progress", ExecutionFigure::progress},
    {"iterationInInstance", ExecutionFigure::iteration_in_instance},
    {"iterationInTest", ExecutionFigure::iteration_in_test}};
constexpr ExecutionMember vu_members[] = {
    {"idInInstance", ExecutionFigure::id_in_instance},
    {"idInTest", ExecutionFigure::id_in_test},
    {"iterationInInstance", ExecutionFigure::vu_iteration_in_instance},
    {"iterationInScenario", ExecutionFigure::vu_iteration_in_scenario}};

JSValue get_instance(JSContext* context, const Engine& engine, int figure) {
  const InstanceFigures figures = engine.body->scenario().shared.watcher.instance();
  switch (figure) {
    case ExecutionFigure::duration:
      return JS_NewFloat64(context, time_value(figures.elapsed));
    case ExecutionFigure::completed:
      return number(context, figures.completed);
    case ExecutionFigure::interrupted:
      return number(context, figures.interrupted);
    case ExecutionFigure::vus_active:
      return number(context, figures.vus_active);
    default:
      return number(context, figures.vus);
  }
}

// Of its iterations where they are a fixed number, else of its time.
double progress_of(const Engine& engine, Duration elapsed) {
  const ScenarioOptions& load = engine.body->scenario().scenario.load;
  const bool per_vu = load.executor == ExecutorKind::per_vu_iterations;
  double share = time_value(elapsed) / std::max(1.0, time_value(load.planned_duration()));
  if (per_vu || load.executor == ExecutorKind::shared_iterations)
    share = static_cast<double>(engine.iteration->index) /
            static_cast<double>(std::max<std::uint64_t>(
                1, load.iterations * (per_vu ? load.vus : std::uint64_t{1})));
  return std::clamp(share, 0.0, 1.0);
}

JSValue get_scenario(JSContext* context, const Engine& engine, int figure) {
  const Scenario& scenario = engine.body->scenario().scenario;
  if (engine.iteration == nullptr)
    return throw_error(context, "exec.scenario: setup() and teardown() belong to none");
  const Duration elapsed =
      engine.body->scenario().shared.watcher.instance().elapsed - scenario.load.start_time;
  switch (figure) {
    case ExecutionFigure::name:
      return js_string(context, scenario.name);
    case ExecutionFigure::executor:
      return js_string(context, name_of(scenario.load.executor));
    case ExecutionFigure::start_time:
      return JS_NewInt64(context, engine.fiber->loop().wall().unix_ns / 1'000'000 -
                                      elapsed / std::chrono::milliseconds(1));
    case ExecutionFigure::progress:
      return JS_NewFloat64(context, progress_of(engine, elapsed));
    case ExecutionFigure::iteration_in_instance:
      return number(context, engine.iteration->index_in_instance);
    default:
      return number(context, engine.iteration->index);
  }
}

JSValue get_vu(JSContext* context, const Engine& engine, int figure) {
  if (figure == ExecutionFigure::id_in_test) return number(context, engine.vu->id);
  if (figure == ExecutionFigure::id_in_instance) return number(context, engine.id_in_instance);
  return number(context, engine.vu->iteration);
}

JSValue get_figure(JSContext* context, JSValueConst, int figure) {
  const Engine* engine = running(context);
  if (engine == nullptr) return js_exception;
  if (figure < ExecutionFigure::name) return get_instance(context, *engine, figure);
  if (figure < ExecutionFigure::id_in_instance) return get_scenario(context, *engine, figure);
  return get_vu(context, *engine, figure);
}

// With the one scenario that shortcuts such as `stages` mean, as in k6.
JSValue get_options(JSContext* context, JSValueConst, int, JSValueConst*) {
  const Engine& engine = Engine::of(context);
  const std::string& text = engine.bundle->options;
  const JSValue options = text.empty()
                              ? JS_NewObject(context)
                              : JS_ParseJSON(context, text.c_str(), text.size(), "options");
  if (JS_IsException(options) || engine.body == nullptr ||
      !is_nothing(property(context, options, "scenarios").get()))
    return options;
  const Scenario& scenario = engine.body->scenario().scenario;
  const JSValue all = JS_NewObject(context), one = JS_NewObject(context);
  set_property(context, one, "executor", js_string(context, name_of(scenario.load.executor)));
  for (const char* shortcut : {"vus", "duration", "iterations", "stages"})
    if (JsValue given = property(context, options, shortcut); !is_nothing(given.get()))
      set_property(context, one, shortcut, given.release());
  set_property(context, all, scenario.name.c_str(), one);
  set_property(context, options, "scenarios", all);
  return options;
}

// test.abort() and test.fail().
JSValue js_judge(JSContext* context, JSValueConst, int count, JSValueConst* arguments, int aborts) {
  Engine* engine = aborts != 0 ? &Engine::of(context) : running(context);
  if (engine == nullptr) return js_exception;
  const std::string reason = count > 0 ? text_of(context, arguments[0]) : std::string();
  if (engine->body == nullptr)
    engine->aborted_in_init = reason;
  else
    engine->body->scenario().shared.watcher.script_judged(
        aborts != 0 ? ScriptJudgement::aborted : ScriptJudgement::failed, reason);
  if (aborts == 0) return js_undefined;
  engine->break_off();
  return throw_error(context, "test aborted" + (reason.empty() ? "" : ": " + reason));
}

JSValue make_object(JSContext* context, std::span<const ExecutionMember> members) {
  const JSValue object = JS_NewObject(context);
  for (const auto& [name, figure] : members) {
    JSCFunctionType get{};
    get.getter_magic = get_figure;
    const JSAtom atom = JS_NewAtom(context, name);
    JS_DefinePropertyGetSet(
        context, object, atom,
        JS_NewCFunction2(context, get.generic, name, 0, JS_CFUNC_getter_magic, figure),
        js_undefined, JS_PROP_CONFIGURABLE | JS_PROP_ENUMERABLE);
    JS_FreeAtom(context, atom);
  }
  return object;
}

JSValue make_vu(JSContext* context) {
  const JSValue vu = make_object(context, vu_members);
  const JSValue tags = make_vu_tags(context);
  const JSValue metrics = JS_NewObject(context);
  set_property(context, vu, "tags", JS_DupValue(context, tags));
  set_property(context, metrics, "tags", tags);
  set_property(context, metrics, "metadata", JS_NewObject(context));  // No output shows it.
  set_property(context, vu, "metrics", metrics);
  return vu;
}

JSValue make_test(JSContext* context) {
  const JSValue test = JS_NewObject(context);
  add_getter(context, test, "options", get_options);
  set_property(context, test, "abort",
               JS_NewCFunctionMagic(context, js_judge, "abort", 1, JS_CFUNC_generic_magic, 1));
  set_property(context, test, "fail",
               JS_NewCFunctionMagic(context, js_judge, "fail", 1, JS_CFUNC_generic_magic, 0));
  return test;
}

constexpr const char* names[] = {"instance", "scenario", "test", "vu"};

int fill(JSContext* context, JSModuleDef* module) {
  ModuleExports exports(context, module);
  const JSValue objects[] = {make_object(context, instance_members),
                             make_object(context, scenario_members), make_test(context),
                             make_vu(context)};
  for (std::size_t i = 0; i < std::size(names); ++i) exports.give(names[i], objects[i]);
  return exports.finish();
}

}  // namespace

JSModuleDef* make_execution_module(JSContext* context) {
  return declare_module(context, "k6/execution", fill, names);
}

}  // namespace brunt
