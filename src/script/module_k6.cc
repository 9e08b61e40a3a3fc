// The module k6: check, fail, group, randomSeed, sleep.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "script/builtin_modules.h"
#include "script/module_exports.h"
#include "script/script_body.h"
#include "script/tag_text.h"

namespace brunt {
namespace {

JSValue cut_off(JSContext* context) {
  return throw_error(context, "the run ends");
}

// `import { check }` in init code may not be called there: there is nothing to measure for.
bool is_running(JSContext* context, const char* function) {
  if (Engine::of(context).body != nullptr) return true;
  (void)throw_error(context,
                    fmt::format("Using {}() in the init context is not supported", function));
  return false;
}

JSValue js_sleep(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  if (!is_running(context, "sleep")) return js_exception;
  Engine& engine = Engine::of(context);
  double seconds = 0;
  if (JS_ToFloat64(context, &seconds, arguments[0]) < 0) return js_exception;
  constexpr double longest = 1e9;
  if (!(seconds > 0)) return js_undefined;
  const auto slept =
      engine.fiber->sleep(from_seconds(std::min(seconds, longest) / engine.bundle->time_scale));
  return slept ? js_undefined : cut_off(context);
}

JSValue js_fail(JSContext* context, JSValueConst, int count, JSValueConst* arguments) {
  return throw_error(context, count > 0 ? text_of(context, arguments[0]) : std::string("fail()"));
}

JSValue js_random_seed(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  std::int64_t seed = 0;
  if (JS_ToInt64(context, &seed, arguments[0]) < 0) return js_exception;
  if (PlanVu* vu = Engine::of(context).vu) vu->prng = Prng(static_cast<std::uint64_t>(seed));
  return js_undefined;
}

bool is_async_function(JSContext* context, JSValueConst value) {
  if (JS_IsFunction(context, value) == 0) return false;
  const JsValue maker = property(context, value, "constructor");
  return text_property(context, maker.get(), "name") == "AsyncFunction";
}

bool is_promise(JSContext* context, JSValueConst value) {
  return JS_IsObject(value) != 0 &&
         JS_IsFunction(context, property(context, value, "then").get()) != 0;
}

// As k6 says it, with the reason.
JSValue refuse_async_group(JSContext* context) {
  return throw_error(context,
                     "group() does not support async functions as arguments: one would leave its "
                     "group before it is done");
}
void refuse_async_check(JSContext* context) {
  (void)throw_error(context,
                    "the built-in check() does not support async functions as arguments: a promise "
                    "always holds; k6-utils of jslib.k6.io has a check() that does");
}

constexpr std::string_view separator_in_name = "group and check names may not contain '::'";

JSValue js_group(JSContext* context, JSValueConst, int count, JSValueConst* arguments) {
  if (!is_running(context, "group")) return js_exception;
  if (count < 2 || JS_IsFunction(context, arguments[1]) == 0)
    return throw_error(context, "group() requires a callback as a second argument");
  if (is_async_function(context, arguments[1])) return refuse_async_group(context);
  Engine& engine = Engine::of(context);
  const JsText name(context, arguments[0]);
  if (!name.ok()) return js_exception;
  if (name.view().find("::") != std::string_view::npos)
    return throw_error(context, separator_in_name);
  const std::uint32_t outer = engine.group;
  const std::uint32_t mine = engine.body->enter_group(outer, name.view());
  const Instant started = engine.fiber->loop().precise_now();
  engine.group = mine;
  JsValue result(context, JS_Call(context, arguments[1], js_undefined, 0, nullptr));
  engine.group = outer;
  if (!engine.interrupted()) {
    begin_samples(engine.body->scenario(), *engine.vu);
    engine.body->metric_series(MetricId::group_duration, mine, engine.tag_text())
        .add(engine.fiber->loop().precise_now() - started);
  }
  if (!result.failed() && is_promise(context, result.get())) return refuse_async_group(context);
  return result.release();
}

// Whether one check holds; nullopt: an exception is pending.
std::optional<bool> holds(JSContext* context, JSValueConst predicate, JSValueConst value) {
  if (JS_IsFunction(context, predicate) == 0) return JS_ToBool(context, predicate) > 0;
  if (is_async_function(context, predicate)) {
    refuse_async_check(context);
    return std::nullopt;
  }
  JSValueConst arguments[] = {value};
  const JsValue result(context, JS_Call(context, predicate, js_undefined, 1, arguments));
  if (result.failed()) return std::nullopt;
  if (is_promise(context, result.get())) {
    refuse_async_check(context);
    return std::nullopt;
  }
  return JS_ToBool(context, result.get()) > 0;
}

JSValue js_check(JSContext* context, JSValueConst, int count, JSValueConst* arguments) {
  if (!is_running(context, "check")) return js_exception;
  if (count < 2 || is_nothing(arguments[1]))
    return throw_error(context, "no checks provided to check(): it takes a value and an object");
  if (!JS_IsObject(arguments[1])) return js_bool(true);  // Nothing in it, as k6 sees it.
  Engine& engine = Engine::of(context);
  std::string tags = engine.tag_text();
  if (count > 2 && !append_tags(context, arguments[2], tags, nullptr)) return js_exception;
  JSPropertyEnum* table = nullptr;
  std::uint32_t checks = 0;
  if (JS_GetOwnPropertyNames(context, &table, &checks, arguments[1],
                             JS_GPN_STRING_MASK | JS_GPN_ENUM_ONLY) < 0)
    return js_exception;
  bool all = true, threw = false;
  for (std::uint32_t i = 0; i < checks; ++i) {
    if (!threw) {
      const JsValue name(context, JS_AtomToString(context, table[i].atom));
      const JsText text(context, name.get());
      const JsValue predicate(context, JS_GetProperty(context, arguments[1], table[i].atom));
      const bool is_good = !text.view().contains("::");
      if (!is_good) (void)throw_error(context, separator_in_name);
      const auto held =
          is_good ? holds(context, predicate.get(), arguments[0]) : std::optional<bool>();
      threw = !held;
      all = all && held.value_or(false);
      if (is_good && (held || !engine.interrupted())) {
        begin_samples(engine.body->scenario(), *engine.vu);
        engine.body->check_series(text.view(), engine.group, tags)
            .add(held.value_or(false) ? 1.0 : 0.0);
      }
    }
    JS_FreeAtom(context, table[i].atom);
  }
  js_free(context, table);
  return threw ? js_exception : js_bool(all);
}

constexpr JsFunction functions[] = {{"check", js_check, 2},
                                    {"fail", js_fail, 1},
                                    {"group", js_group, 2},
                                    {"randomSeed", js_random_seed, 1},
                                    {"sleep", js_sleep, 1}};

int fill(JSContext* context, JSModuleDef* module) {
  ModuleExports exports(context, module);
  exports.give(functions);
  return exports.finish();
}

}  // namespace

bool append_tags(JSContext* context, JSValueConst tags, std::string& out, std::string* name) {
  if (is_nothing(tags)) return true;
  if (!JS_IsObject(tags)) {
    (void)throw_error(context, "tags are an object, like { team: \"a\" }");
    return false;
  }
  bool good = true;
  for_each_property(context, tags, [&](const std::string& key, JSValueConst value) {
    const JsText text(context, value);
    good = text.ok();
    if (!good) return false;
    std::string clean(text.view());
    std::ranges::replace(clean, '\n', ' ');  // It separates tags here.
    if (name != nullptr && key == "name") {
      *name = std::move(clean);
    } else {
      append_tag(out, key, clean);
    }
    return true;
  });
  return good;
}

JSModuleDef* make_k6_module(JSContext* context) {
  return declare_module(context, "k6", fill, functions);
}

}  // namespace brunt
