#include "script/commonjs.h"

#include <fmt/format.h>

#include "script/builtin_modules.h"
#include "script/engine.h"
#include "script/source_files.h"

namespace brunt {
namespace {

JSValue read_code(JSContext* context, const std::string& code) {
  return JS_ReadObject(context, reinterpret_cast<const std::uint8_t*>(code.data()), code.size(),
                       JS_READ_OBJ_BYTECODE);
}

// The namespace of an ES module: an import of it is compiled while the script is read.
JSValue import_namespace(JSContext* context, const std::string& name) {
  Engine& engine = Engine::of(context);
  if (engine.reading != nullptr && !engine.reading->imports.contains(name)) {
    auto code = engine.sources->compile_import(context, name);
    if (!code) return throw_error(context, code.error().text);
    engine.reading->imports[name] = std::move(*code);
  }
  const auto code = engine.bundle->imports.find(name);
  if (code == engine.bundle->imports.end())
    return throw_error(context, fmt::format("require(\"{}\"): it was not previously resolved "
                                            "during initialization (__VU==0)",
                                            name));
  const JSValue module = read_code(context, code->second);
  if (JS_IsException(module)) return module;
  if (JS_ResolveModule(context, module) < 0) {
    JS_FreeValue(context, module);
    return js_exception;
  }
  const JsValue done(context, JS_EvalFunction(context, module));
  if (done.failed()) return js_exception;
  return std::exchange(engine.handed_over, js_undefined);
}

JSValue run_code(JSContext* context, const std::string& name, JSValueConst module) {
  const Engine& engine = Engine::of(context);
  const JSValue code = read_code(context, engine.bundle->modules.at(name));
  if (JS_IsException(code)) return code;
  const JsValue function(context, JS_EvalFunction(context, code));
  if (function.failed()) return js_exception;
  const JsValue exports = property(context, module, "exports");
  JSValueConst arguments[] = {module, exports.get()};
  const JsValue done(context, JS_Call(context, function.get(), exports.get(), 2, arguments));
  return done.failed() ? js_exception : property(context, module, "exports").release();
}

// module.exports.default where there is one, else module.exports.
JSValue default_of(JSContext* context, JSValueConst exports) {
  if (JS_IsObject(exports))
    if (JsValue own = property(context, exports, "default"); !JS_IsUndefined(own.get()))
      return own.release();
  return JS_DupValue(context, exports);
}

int fill(JSContext* context, JSModuleDef* module) {
  const JSAtom atom = JS_GetModuleName(context, module);
  const JsValue name(context, JS_AtomToString(context, atom));
  JS_FreeAtom(context, atom);
  const JsValue exports(context, run_commonjs(context, text_of(context, name.get())));
  if (exports.failed()) return -1;
  for_each_property(context, exports.get(), [&](const std::string& key, JSValueConst value) {
    if (key != "default")
      JS_SetModuleExport(context, module, key.c_str(), JS_DupValue(context, value));
    return true;
  });
  JS_SetModuleExport(context, module, "default", default_of(context, exports.get()));
  return 0;
}

}  // namespace

JSValue run_commonjs(JSContext* context, const std::string& name) {
  Engine& engine = Engine::of(context);
  if (const auto known = engine.commonjs.find(name); known != engine.commonjs.end())
    return property(context, known->second, "exports").release();
  const JSValue module = JS_NewObject(context);
  set_property(context, module, "exports", JS_NewObject(context));
  set_property(context, module, "id", js_string(context, name));
  engine.commonjs.emplace(name, module);
  return run_code(context, name, module);
}

JSModuleDef* import_commonjs(JSContext* context, const std::string& name) {
  const JsValue exports(context, run_commonjs(context, name));
  if (exports.failed()) return nullptr;
  JSModuleDef* module = JS_NewCModule(context, name.c_str(), fill);
  if (module == nullptr) return nullptr;
  for (const std::string& key : property_names(context, exports.get()))
    if (key != "default") JS_AddModuleExport(context, module, key.c_str());
  JS_AddModuleExport(context, module, "default");
  return module;
}

JSValue js_require(JSContext* context, JSValueConst /*self*/, int count, JSValueConst* arguments) {
  Engine& engine = Engine::of(context);
  const std::string asked = count > 0 ? text_of(context, arguments[0]) : std::string();
  if (!engine.in_init)
    return throw_error(context,
                       "the \"require\" function is only available in the init stage (outside of "
                       "functions)");
  const auto name = module_name(calling_module(context), asked);
  if (!name) return throw_error(context, name.error().text);
  if (!is_builtin_module(*name) && !engine.bundle->modules.contains(*name) &&
      engine.reading != nullptr && !engine.sources->compile(context, *name))
    return js_exception;
  if (engine.bundle->commonjs.contains(*name)) return run_commonjs(context, *name);
  JsValue space(context, import_namespace(context, *name));
  return space.failed() || !name->ends_with(".json")
             ? space.release()
             : property(context, space.get(), "default").release();
}

}  // namespace brunt
