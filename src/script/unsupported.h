// Finds what a script asks of k6 that is not there yet, before it runs: by module and line.
//
// For this layer only. It reads text, not syntax trees: what it does not see throws when it is
// called.
#pragma once
#include <string_view>

#include "base/result.h"

namespace brunt {

// Errors: unsupported: `script.js:3: ...`.
Result<> check_supported(std::string_view name, std::string_view source);

}  // namespace brunt
