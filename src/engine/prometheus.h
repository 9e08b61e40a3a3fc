// Prometheus and its node exporter as engines: two rows of the table in engine/engine.h.
#pragma once
#include <memory>

#include "base/result.h"
#include "engine/engine.h"

namespace brunt {

// As EngineKind::start. Parameters: `scrape` (a map of job names to host:port, or a URL with its
// path), `interval` (1s), or `config`, a whole prometheus.yml. It accepts remote writes.
Result<std::unique_ptr<StartedService>> start_prometheus(Fiber& self, const EngineOptions& options);

// Figures of this machine at /metrics. No parameters.
Result<std::unique_ptr<StartedService>> start_node_exporter(Fiber& self,
                                                            const EngineOptions& options);

}  // namespace brunt
