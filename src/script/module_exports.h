// What one of k6's modules exports: each thing by its name, and again as a member of the default
// export, as scripts import it either way.
//
//   int fill(JSContext* context, JSModuleDef* module) {
//     ModuleExports exports(context, module);
//     exports.give(functions);
//     return exports.finish();
//   }
//   JSModuleDef* make_k6_module(JSContext* context) {
//     return declare_module(context, "k6", fill, functions);
//   }
//
// For this layer only.
#pragma once
#include <span>

#include "script/engine.h"

namespace brunt {

class ModuleExports {
 public:
  ModuleExports(JSContext* context, JSModuleDef* module)
      : context_(context), module_(module), all_(context, JS_NewObject(context)) {}

  void give(const char* name, JSValue value) {  // Takes the value.
    set_property(context_, all_.get(), name, JS_DupValue(context_, value));
    JS_SetModuleExport(context_, module_, name, value);
  }
  void give(std::span<const JsFunction> functions) {
    for (const auto& [name, code, arguments] : functions)
      give(name, JS_NewCFunction(context_, code, name, arguments));
  }
  // What the function that fills a module returns. Last.
  int finish() { return JS_SetModuleExport(context_, module_, "default", all_.release()); }

 private:
  JSContext* context_;
  JSModuleDef* module_;
  JsValue all_;
};

inline const char* name_of_export(const char* name) {
  return name;
}
const char* name_of_export(const auto& named) {
  return named.name;
}

// Each list holds names, or things with a `name`. nullptr: an exception is pending.
template <typename... Lists>
JSModuleDef* declare_module(JSContext* context, const char* name, JSModuleInitFunc* fill,
                            const Lists&... lists) {
  JSModuleDef* const module = JS_NewCModule(context, name, fill);
  if (module == nullptr) return nullptr;
  const auto declare = [&](const auto& list) {
    for (const auto& one : list) JS_AddModuleExport(context, module, name_of_export(one));
  };
  (declare(lists), ...);
  JS_AddModuleExport(context, module, "default");
  return module;
}

}  // namespace brunt
