#include "engine/engine.h"

#include <fmt/format.h>

#include <array>
#include <vector>

#include "base/text.h"
#include "engine/engine_directory.h"
#include "engine/postgres.h"

namespace brunt {
namespace {

constexpr std::array<EngineKind, 1> engines = {{
    {.name = "postgres",
     .about = "PostgreSQL in a temporary directory, fsync on",
     .program = "postgres",
     .package = "postgresql",
     .start = start_postgres},
}};

}  // namespace

std::span<const EngineKind> known_engines() {
  return engines;
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
