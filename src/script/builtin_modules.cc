#include "script/builtin_modules.h"

#include <algorithm>

namespace brunt {
namespace {

constexpr BuiltinModule modules[] = {
    {"brunt/data", make_rows_module},       {"k6", make_k6_module},
    {"k6/crypto", make_crypto_module},      {"k6/data", make_data_module},
    {"k6/encoding", make_encoding_module},  {"k6/execution", make_execution_module},
    {"k6/experimental/fs", make_fs_module}, {"k6/http", make_http_module},
    {"k6/metrics", make_metrics_module},    {"k6/secrets", make_secrets_module},
    {"k6/timers", make_timers_module},
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

// nullptr: there is none.
const BuiltinModule* find(std::string_view name) {
  for (const std::span<const BuiltinModule> list :
       {std::span<const BuiltinModule>(modules), library_modules()})
    if (const auto found = std::ranges::find(list, name, &BuiltinModule::name); found != list.end())
      return &*found;
  return nullptr;
}

}  // namespace

std::string_view present_name(std::string_view module) {
  const auto* const other = std::ranges::find(other_names, module, &OtherName::name);
  return other != std::end(other_names) ? other->present : module;
}

bool is_builtin_module(std::string_view name) {
  return find(present_name(name)) != nullptr;
}

JSModuleDef* make_builtin_module(JSContext* context, std::string_view name) {
  const BuiltinModule* found = find(name);
  return found != nullptr ? found->make(context) : nullptr;
}

}  // namespace brunt
