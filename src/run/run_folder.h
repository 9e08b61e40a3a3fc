// Where a run has its files: a folder of its own below the machine's temporary one for what goes
// with it (stores, engines' data, sockets), and one beside the ledger for its services' logs, which
// stay.
//
//   RunFolder folder = TRY(RunFolder::make(temporary, loop.wall()));      // sweeps what dead runs
//   have left const fs::path logs = TRY(make_log_folder(".brunt/ledger.db", run.id));
//   ...
//   trim_logs(logs, {});
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "net/owned_descriptor.h"

namespace brunt {

// Locked as long as its run lives; the kernel takes the lock away with the process, however that
// ends, and in whichever container it was. So a folder whose lock is free is nobody's.
class RunFolder {
 public:
  // <temporary>/brunt-run-XXXXXX; others may pass through, so that an engine can have a directory
  // in it as another user. Errors: denied, not_found, exhausted, io.
  static Result<RunFolder> make(const std::filesystem::path& temporary, WallTime now);
  RunFolder(RunFolder&& other) noexcept;
  RunFolder& operator=(RunFolder&&) = delete;
  ~RunFolder();  // Removes it.

  const std::filesystem::path& path() const { return path_; }

 private:
  RunFolder(std::filesystem::path path, OwnedDescriptor lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}
  std::filesystem::path path_;
  OwnedDescriptor lock_;
};

// Removes the folders of runs that live no more; gives how many. One without a lock may just be
// being made, so it is left alone for an hour.
int sweep_run_folders(const std::filesystem::path& temporary, WallTime now);

struct LogLimits {
  std::uintmax_t bytes_max = 4u << 20u;           // Of each log that stays: its end.
  std::uintmax_t running_bytes_max = 64u << 20u;  // While the run goes on, before it is cut.
  std::size_t runs_max = 50;                      // Runs whose logs stay.
};

// logs/RUN beside the ledger's file; of a ledger on a server, .brunt/logs/RUN. Removes the oldest
// ones beyond LogLimits::runs_max. Errors: denied, exhausted, io.
Result<std::filesystem::path> make_log_folder(std::string_view ledger, const std::string& run,
                                              const LogLimits& limits = {});

// Cuts every log in the folder that is longer than `above` down to its last `bytes_max` bytes, with
// a first line that says so. Safe while services append to them, but for what they write in that
// moment.
void trim_logs(const std::filesystem::path& folder, std::uintmax_t above, const LogLimits& limits);

}  // namespace brunt
