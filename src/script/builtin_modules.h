// k6's modules: which there are, and who makes them.
//
// For this layer only. A new module is a row in builtin_modules.cc and a function here.
#pragma once
#include <string_view>

#include "script/js_value.h"

namespace brunt {

// The name that the module has now: k6/timers for k6/experimental/timers.
std::string_view present_name(std::string_view module);
bool is_builtin_module(std::string_view name);  // Also by an older name.
// nullptr: no such module.
JSModuleDef* make_builtin_module(JSContext* context, std::string_view name);

JSModuleDef* make_crypto_module(JSContext* context);
JSModuleDef* make_csv_module(JSContext* context);
JSModuleDef* make_data_module(JSContext* context);
JSModuleDef* make_encoding_module(JSContext* context);
JSModuleDef* make_execution_module(JSContext* context);
JSModuleDef* make_fs_module(JSContext* context);
JSModuleDef* make_grpc_module(JSContext* context);
JSModuleDef* make_html_module(JSContext* context);
JSModuleDef* make_http_module(JSContext* context);
JSModuleDef* make_k6_module(JSContext* context);
JSModuleDef* make_metrics_module(JSContext* context);
JSModuleDef* make_redis_module(JSContext* context);
JSModuleDef* make_secrets_module(JSContext* context);
JSModuleDef* make_streams_module(JSContext* context);
JSModuleDef* make_timers_module(JSContext* context);
JSModuleDef* make_webcrypto_module(JSContext* context);
JSModuleDef* make_websockets_module(JSContext* context);
JSModuleDef* make_ws_module(JSContext* context);

}  // namespace brunt
