// The module k6/secrets: get() of the default source, source(name).get().
#include <fmt/format.h>

#include <algorithm>

#include "script/builtin_modules.h"
#include "script/module_exports.h"

namespace brunt {
namespace {

const ScriptSecretSource* default_source(const ScriptBundle& bundle) {
  const auto& all = bundle.secrets;
  if (all.size() == 1) return all.data();
  const auto found = std::ranges::find(all, true, &ScriptSecretSource::is_default);
  return found != all.end() ? &*found : nullptr;
}

JSValue secret_of(JSContext* context, const ScriptSecretSource& source, JSValueConst wanted) {
  const JsText name(context, wanted);
  if (!name.ok()) return js_exception;
  const auto found = source.values.find(name.view());
  if (found == source.values.end())
    return throw_error(context, fmt::format("no secret {} in the source", name.view()));
  return js_string(context, found->second);
}

// `place`: 0: the default source, else one more than its own.
JSValue js_get(JSContext* context, JSValueConst, int, JSValueConst* arguments, int place) {
  const ScriptBundle& bundle = *Engine::of(context).bundle;
  const ScriptSecretSource* source =
      place == 0 ? default_source(bundle) : &bundle.secrets[static_cast<std::size_t>(place) - 1];
  JsPromise promise(context);
  const JSValue shown = promise.value();
  const char* none = bundle.secrets.empty()
                         ? "no secret sources are configured: --secret-source file=PATH"
                         : "no default secret source: one of them needs the word default";
  promise.resolve(source != nullptr ? secret_of(context, *source, arguments[0])
                                    : throw_error(context, none));
  return shown;
}

JSValue js_source(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  const JsText name(context, arguments[0]);
  if (!name.ok()) return js_exception;
  const auto& all = Engine::of(context).bundle->secrets;
  const auto found = std::ranges::find(all, name.view(), &ScriptSecretSource::name);
  if (found == all.end())
    return throw_error(context, fmt::format("no secret source is called {}", name.view()));
  const JSValue source = JS_NewObject(context);
  set_property(context, source, "get",
               JS_NewCFunctionMagic(context, js_get, "get", 1, JS_CFUNC_generic_magic,
                                    static_cast<int>(found - all.begin()) + 1));
  return source;
}

constexpr const char* names[] = {"get", "source"};

int fill(JSContext* context, JSModuleDef* module) {
  ModuleExports exports(context, module);
  exports.give("get", JS_NewCFunctionMagic(context, js_get, "get", 1, JS_CFUNC_generic_magic, 0));
  exports.give("source", JS_NewCFunction(context, js_source, "source", 1));
  return exports.finish();
}

}  // namespace

JSModuleDef* make_secrets_module(JSContext* context) {
  return declare_module(context, "k6/secrets", fill, names);
}

}  // namespace brunt
