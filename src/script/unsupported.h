// Finds what a script asks of k6 that is not there yet, before it runs: by module, member and line.
//
// For this layer only. It reads text, not syntax trees: what it does not see throws when it is
// called.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace brunt {

// Errors: unsupported: `script.js:3: ...`.
Result<> check_supported(std::string_view name, std::string_view source);

// What k6 has in a module and we do not: the module defines them so that they say so when called.
std::span<const std::string_view> missing_members(std::string_view module);

}  // namespace brunt
