// Finds what a script asks of k6's modules that they do not have, before it runs: `http.gett()`, by
// file and line.
//
// For this layer only. It reads text, not syntax trees, so that it speaks of a name only where
// nothing else can be meant: one that is imported as a whole, and afterwards only followed by a
// member. What it does not see throws when it is called.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "script/engine.h"

namespace brunt {

// "load.js:4: k6/http has no gett", each once. `engine` has read the script.
std::vector<std::string> unknown_members(Engine& engine, std::string_view name,
                                         std::string_view source);

}  // namespace brunt
