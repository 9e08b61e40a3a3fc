// Redis as an engine: one row of the table in engine/engine.h.
#pragma once
#include <memory>

#include "base/result.h"
#include "engine/engine.h"

namespace brunt {

// As EngineKind::start. Every write is on disk before it is answered (appendfsync always): without
// that a queue that was killed is an emptied queue. Parameters are Redis's own directives; they win
// over ours.
Result<std::unique_ptr<StartedService>> start_redis(Fiber& self, const EngineOptions& options);

}  // namespace brunt
