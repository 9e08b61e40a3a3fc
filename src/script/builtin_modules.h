// k6's modules: which there are, and who makes them.
//
// For this layer only. A new module is a row in builtin_modules.cc and a function here.
#pragma once
#include <string_view>

#include "script/js_value.h"

namespace brunt {

bool is_builtin_module(std::string_view name);
// nullptr: no such module.
JSModuleDef* make_builtin_module(JSContext* context, std::string_view name);

JSModuleDef* make_crypto_module(JSContext* context);
JSModuleDef* make_data_module(JSContext* context);
JSModuleDef* make_encoding_module(JSContext* context);
JSModuleDef* make_execution_module(JSContext* context);
JSModuleDef* make_html_module(JSContext* context);
JSModuleDef* make_http_module(JSContext* context);
JSModuleDef* make_k6_module(JSContext* context);
JSModuleDef* make_metrics_module(JSContext* context);
JSModuleDef* make_timers_module(JSContext* context);

}  // namespace brunt
