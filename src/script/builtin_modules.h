// k6's modules, and our own: which there are, and who makes them.
//
// For this layer only. A new module is a row in builtin_modules.cc and a function here, or, where
// it is made of a library's members alone, a row in library_modules.cc.
#pragma once
#include <span>
#include <string_view>

#include "script/js_value.h"

namespace brunt {

// The name that the module has now: k6/timers for k6/experimental/timers.
std::string_view present_name(std::string_view module);
bool is_builtin_module(std::string_view name);  // Also by an older name.
// nullptr: no such module.
JSModuleDef* make_builtin_module(JSContext* context, std::string_view name);

struct BuiltinModule {
  std::string_view name;
  JSModuleDef* (*make)(JSContext* context);
};
std::span<const BuiltinModule> library_modules();

JSModuleDef* make_crypto_module(JSContext* context);
JSModuleDef* make_data_module(JSContext* context);
JSModuleDef* make_encoding_module(JSContext* context);
JSModuleDef* make_execution_module(JSContext* context);
JSModuleDef* make_fs_module(JSContext* context);
JSModuleDef* make_http_module(JSContext* context);
JSModuleDef* make_k6_module(JSContext* context);
JSModuleDef* make_metrics_module(JSContext* context);
JSModuleDef* make_rows_module(JSContext* context);
JSModuleDef* make_secrets_module(JSContext* context);
JSModuleDef* make_timers_module(JSContext* context);

}  // namespace brunt
