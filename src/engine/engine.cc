#include "engine/engine.h"

#include <fmt/format.h>

#include <array>
#include <vector>

#include "base/text.h"
#include "engine/engine_directory.h"
#include "engine/postgres.h"
#include "engine/prometheus.h"
#include "engine/redis.h"
#include "engine/server_program.h"
#include "engine/web_servers.h"

namespace brunt {
namespace {

constexpr std::array<EngineKind, 6> engines = {{
    {.name = "postgres",
     .about = "PostgreSQL in a temporary directory, fsync on",
     .program = "postgres",
     .package = "postgresql",
     .directories = postgres_directories,
     .start = start_postgres},
    {.name = "redis",
     .about = "Redis with an append-only file, every write synced",
     .program = "redis-server",
     .package = "redis-server",
     .directories = server_directories,
     .start = start_redis},
    {.name = "nginx",
     .about = "nginx: files, a reverse proxy, or a configuration of your own",
     .program = "nginx",
     .package = "nginx-light",
     .directories = server_directories,
     .start = start_nginx},
    {.name = "haproxy",
     .about = "HAProxy in front of other services",
     .program = "haproxy",
     .package = "haproxy",
     .directories = server_directories,
     .start = start_haproxy},
    {.name = "prometheus",
     .about = "Prometheus, scraping what the plan names",
     .program = "prometheus",
     .package = "prometheus",
     .directories = server_directories,
     .start = start_prometheus},
    {.name = "node-exporter",
     .about = "Prometheus's exporter of this machine's figures",
     .program = "prometheus-node-exporter",
     .package = "prometheus-node-exporter",
     .directories = server_directories,
     .start = start_node_exporter},
}};

}  // namespace

std::span<const EngineKind> known_engines() {
  return engines;
}

Result<std::filesystem::path> find_engine(const EngineKind& engine) {
  return find_program(engine.program, engine.directories());
}

Result<std::unique_ptr<StartedService>> start_engine(Fiber& self, const EngineOptions& options) {
  sweep_engine_directories(temporary_directory(options));
  std::vector<std::string_view> names;
  for (const EngineKind& engine : engines) {
    if (engine.name != options.kind) {
      names.push_back(engine.name);
      continue;
    }
    auto started = engine.start(self, options);
    if (!started && !options.name.empty() && options.name != options.kind)
      return fail_in(options.name, std::move(started).error());
    return started;
  }
  return fail(ErrorCode::invalid,
              fmt::format("there is no engine \"{}\"{}; known: {}", options.kind,
                          did_you_mean(options.kind, names), fmt::join(names, ", ")));
}

}  // namespace brunt
