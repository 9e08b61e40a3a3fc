// Finds what a script asks of k6 that is not there yet, before it runs: by module and line.
//
// For this layer only. It reads text, not syntax trees: what it does not see throws when it is
// called.
#pragma once
#include <functional>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace brunt {

// Errors: unsupported: `script.js:3: ...`.
Result<> check_supported(std::string_view name, std::string_view source);

// The line where `wanted` is imported by its name from a module that `is_it` knows by its
// specifier; nullopt: nowhere.
std::optional<std::size_t> line_that_imports(
    std::string_view source, std::string_view wanted,
    const std::function<bool(std::string_view specifier)>& is_it);

}  // namespace brunt
