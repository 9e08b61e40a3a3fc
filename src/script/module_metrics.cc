// The module k6/metrics: Counter, Gauge, Rate, Trend.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "script/builtin_modules.h"
#include "script/classes.h"
#include "script/module_exports.h"
#include "script/script_body.h"
#include "script/tag_text.h"

namespace brunt {
namespace {

constexpr std::array<const char*, 4> kinds = {"Counter", "Gauge", "Rate", "Trend"};
constexpr std::array<MetricKind, 4> metric_kinds = {MetricKind::counter, MetricKind::gauge,
                                                    MetricKind::rate, MetricKind::trend};

// While a script is read its metrics are collected; later they are known by their place there.
JSValue js_make(JSContext* context, JSValueConst, int count, JSValueConst* arguments, int kind) {
  Engine& engine = Engine::of(context);
  const char* kind_name = kinds[static_cast<std::size_t>(kind)];
  if (!engine.in_init)
    return throw_error(context, fmt::format("new {}(): metrics are made in init code, outside of "
                                            "functions",
                                            kind_name));
  const JsText name(context, count > 0 ? arguments[0] : js_undefined);
  if (!name.ok()) return js_exception;
  const MetricInfo info{.name = std::string(name.view()),
                        .kind = metric_kinds[static_cast<std::size_t>(kind)],
                        .contains = count > 1 && JS_ToBool(context, arguments[1]) > 0
                                        ? Contains::time
                                        : Contains::standard};
  const auto& known = engine.bundle->metrics;
  auto found = std::ranges::find(known, info.name, &MetricInfo::name);
  if (found != known.end() && *found != info)
    return throw_error(context,
                       fmt::format("the metric {} is there already, of another kind", info.name));
  if (found == known.end()) {
    if (auto good = check_metric_name(info.name); !good)
      return throw_error(context, good.error().text);
    if (engine.reading == nullptr)
      return throw_error(context, fmt::format("the metric {} was not made when the script was "
                                              "read: init code must make the same ones each time",
                                              info.name));
    if (MetricRegistry registry; auto clash = registry.add(info)) {
      engine.reading->metrics.push_back(info);
    } else {
      return throw_error(context, clash.error().text);
    }
    found = std::prev(known.end());
  }
  const JSValue object = JS_NewObjectClass(context, static_cast<int>(class_ids().metric));
  if (JS_IsException(object)) return object;
  const auto place = static_cast<std::uintptr_t>(found - known.begin()) + 1;
  JS_SetOpaque(object, reinterpret_cast<void*>(place));
  JS_DefinePropertyValueStr(context, object, "name", js_string(context, info.name),
                            JS_PROP_ENUMERABLE);
  return object;
}

JSValue js_add(JSContext* context, JSValueConst self, int count, JSValueConst* arguments) {
  const void* opaque = JS_GetOpaque2(context, self, class_ids().metric);
  if (opaque == nullptr) return js_exception;
  Engine& engine = Engine::of(context);
  if (engine.body == nullptr)
    return throw_error(context, "Adding to metrics in the init context is not supported");
  const MetricInfo& info = engine.bundle->metrics[reinterpret_cast<std::uintptr_t>(opaque) - 1];
  const JSValueConst given = count > 0 ? arguments[0] : js_undefined;
  double value = 0;
  if (JS_ToFloat64(context, &value, given) < 0) return js_exception;
  if (is_nothing(given) || !std::isfinite(value)) {
    engine.body->note_error(fmt::format("{}.add({}): that is no number; it is left out", info.name,
                                        text_of(context, given)));
    return js_bool(false);
  }
  std::string tags = engine.tag_text();
  if (count > 1 && !append_tags(context, arguments[1], tags, nullptr)) return js_exception;
  const auto id = engine.body->find_metric(info.name);
  if (!id) return throw_error(context, id.error().text);
  if (info.kind == MetricKind::rate) value = value != 0 ? 1 : 0;
  begin_samples(engine.body->scenario(), *engine.vu);
  engine.body->metric_series(*id, engine.group, tags).add(value);
  return js_bool(true);
}

int fill(JSContext* context, JSModuleDef* module) {
  const JSClassDef definition{.class_name = "Metric"};
  JS_NewClass(JS_GetRuntime(context), class_ids().metric, &definition);
  const JSValue prototype = JS_NewObject(context);
  set_property(context, prototype, "add", JS_NewCFunction(context, js_add, "add", 1));
  JS_SetClassProto(context, class_ids().metric, prototype);
  ModuleExports exports(context, module);
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    const JSValue function = JS_NewCFunctionMagic(context, js_make, kinds[i], 1,
                                                  JS_CFUNC_constructor_magic, static_cast<int>(i));
    JS_SetConstructorBit(context, function, 1);
    exports.give(kinds[i], function);
  }
  return exports.finish();
}

}  // namespace

JSModuleDef* make_metrics_module(JSContext* context) {
  return declare_module(context, "k6/metrics", fill, kinds);
}

}  // namespace brunt
