// nginx and HAProxy as engines: two rows of the table in engine/engine.h.
#pragma once
#include <memory>

#include "base/result.h"
#include "engine/engine.h"

namespace brunt {

// As EngineKind::start. Parameters: `root` (a directory of files to serve), or `upstream`
// (host:port that requests are passed on to), `workers`, or `config`, a whole nginx.conf with
// @address@ where it listens.
Result<std::unique_ptr<StartedService>> start_nginx(Fiber& self, const EngineOptions& options);

// Parameters: `upstream` (host:port, several with commas), `mode` (tcp or http), or `config`.
Result<std::unique_ptr<StartedService>> start_haproxy(Fiber& self, const EngineOptions& options);

}  // namespace brunt
