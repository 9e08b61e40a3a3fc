#include "script/builtin_modules.h"

#include <algorithm>

namespace brunt {
namespace {

struct BuiltinModule {
  std::string_view name;
  JSModuleDef* (*make)(JSContext* context);
};

constexpr BuiltinModule modules[] = {
    {"k6", make_k6_module},
    {"k6/crypto", make_crypto_module},
    {"k6/data", make_data_module},
    {"k6/encoding", make_encoding_module},
    {"k6/execution", make_execution_module},
    {"k6/experimental/csv", make_csv_module},
    {"k6/experimental/fs", make_fs_module},
    {"k6/experimental/redis", make_redis_module},
    {"k6/experimental/streams", make_streams_module},
    {"k6/experimental/webcrypto", make_webcrypto_module},
    {"k6/html", make_html_module},
    {"k6/http", make_http_module},
    {"k6/metrics", make_metrics_module},
    {"k6/net/grpc", make_grpc_module},
    {"k6/secrets", make_secrets_module},
    {"k6/timers", make_timers_module},
    {"k6/websockets", make_websockets_module},
    {"k6/ws", make_ws_module},
};

struct OtherName {
  std::string_view name, present;
};

// Of modules that k6 has moved.
constexpr OtherName other_names[] = {
    {"k6/experimental/timers", "k6/timers"},
    {"k6/experimental/websockets", "k6/websockets"},
    {"k6/x/redis", "k6/experimental/redis"},
};

}  // namespace

std::string_view present_name(std::string_view module) {
  const auto* const other = std::ranges::find(other_names, module, &OtherName::name);
  return other != std::end(other_names) ? other->present : module;
}

bool is_builtin_module(std::string_view name) {
  return std::ranges::find(modules, present_name(name), &BuiltinModule::name) != std::end(modules);
}

JSModuleDef* make_builtin_module(JSContext* context, std::string_view name) {
  const auto* const found = std::ranges::find(modules, name, &BuiltinModule::name);
  return found != std::end(modules) ? found->make(context) : nullptr;
}

}  // namespace brunt
