// What a script's options may say that k6 knows nothing of: `ext: { brunt: { warmUp: "30s" } }`. k6
// lets anything be in `ext`, so the same script runs there without a word.
//
// For this layer only.
#pragma once
#include "base/json.h"
#include "script/script_reader.h"

namespace brunt {

// `ext` of the options. Errors: invalid, naming the option.
Result<> read_own_options(const Json& ext, ScriptPlace place, Plan& plan, ScriptBundle& bundle);

// Whether the plan has a warm-up, where a threshold of it counts after that. Errors: invalid.
Result<> check_warm_up(const Plan& plan);

}  // namespace brunt
