// k6's options about names, addresses and TLS.
//
// For this layer only.
#pragma once
#include <string_view>

#include "base/json.h"
#include "plan/script_bundle.h"

namespace brunt {

// Whether it is one of them. Errors: invalid, naming the option.
Result<bool> read_network_option(std::string_view name, const Json& value,
                                 ScriptNetworkOptions& options);

}  // namespace brunt
