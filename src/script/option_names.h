// The names of k6's options, also where a script writes them with other capitals: k6 reads
// `startvus` as `startVUs`.
//
// For this layer only. Source: Go's encoding/json, "Unmarshal"; k6 documentation, "Options".
#pragma once
#include <span>
#include <string_view>

#include "base/json.h"

namespace brunt {

// Of a scenario, without k6's browser.
std::span<const std::string_view> scenario_field_names();

// The same options with the names as k6 documents them, also of scenarios, stages, thresholds and
// dns. What has no name there stays.
Json canonical_options(const Json& options);

}  // namespace brunt
