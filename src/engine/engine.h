// Known engines: servers of other people that brunt can start by name (`engine: postgres`), in a
// temporary directory, on a free loopback port, as a user that may, gone with the run.
//
//   auto database = TRY(start_engine(self, {.kind = "postgres", .name = "database", .log_directory
//   = dir})); database->member("url");      // postgresql://postgres@127.0.0.1:34567/postgres
//
// The parameters of each are on the page docs/reference/engines.md.
//
// Directories are named brunt-engine-<pid>-...; those of a brunt that was killed are removed when
// the next engine starts.
#pragma once
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "engine/service.h"
#include "loop/fiber.h"

namespace brunt {

struct EngineOptions {
  std::string kind;  // The name in the table.
  std::string name;  // The plan's word for it; empty: the kind.
  std::vector<std::pair<std::string, std::string>>
      with;                             // Its own parameters: {"max_connections", "500"}.
  std::filesystem::path log_directory;  // Gets <name>.log. Empty: the log goes with its directory.
  std::filesystem::path temporary;      // Where its directory is made; empty: TMPDIR, else /tmp.
  std::filesystem::path base;  // Relative paths in `with` start here; empty: the working directory.
  // Not 0: its directory is a file system of its own of so many bytes (a tmpfs), which can be full.
  std::uint64_t disk_bytes = 0;
  std::uint16_t port_first = 0;  // Tried before any other; 0: a free one.
  Duration ready_timeout = std::chrono::seconds(60);
};

// One row of the table of known engines.
struct EngineKind {
  std::string_view name;                                // "postgres"
  std::string_view about;                               // For `brunt list`.
  std::string_view program;                             // What has to be found.
  std::string_view package;                             // The Debian package that has it.
  std::vector<std::filesystem::path> (*directories)();  // Where Debian keeps it, off PATH.
  Result<std::unique_ptr<StartedService>> (*start)(Fiber& self, const EngineOptions& options);
};

std::span<const EngineKind> known_engines();

// Its program's path. Errors: not_found.
Result<std::filesystem::path> find_engine(const EngineKind& engine);

// Parks until it answers. Errors: invalid (no such engine, did you mean; a parameter it does not
// take), not_found (not installed: names the package), denied, timeout (not ready), io (it ended:
// the last lines of its log).
Result<std::unique_ptr<StartedService>> start_engine(Fiber& self, const EngineOptions& options);

// Removes what brunts that no longer live have left in `temporary`; gives how many directories.
int sweep_engine_directories(const std::filesystem::path& temporary);

}  // namespace brunt
