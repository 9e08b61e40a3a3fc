// k6's options about names, addresses and TLS.
//
// For this layer only.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "plan/script_bundle.h"

namespace brunt {

// Whether it is one of them. Errors: invalid, naming the option.
Result<bool> read_network_option(std::string_view name, const Json& value,
                                 ScriptNetworkOptions& options);

// Of tlsCipherSuites: those that k6 takes and the TLS library here does not have; they are not
// asked for.
std::vector<std::string> ciphers_left_out(const Json& value);

}  // namespace brunt
