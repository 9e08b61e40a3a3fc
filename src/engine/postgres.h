// PostgreSQL as an engine: one row of the table in engine/engine.h.
#pragma once
#include <filesystem>
#include <memory>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"

namespace brunt {

// As EngineKind::start. Parameters become `-c key=value`. Members besides the usual: user,
// database, socket (the directory of its unix socket).
Result<std::unique_ptr<StartedService>> start_postgres(Fiber& self, const EngineOptions& options);

// Where Debian keeps its programs: apart by version, the newest first, and off PATH.
std::vector<std::filesystem::path> postgres_directories();

}  // namespace brunt
