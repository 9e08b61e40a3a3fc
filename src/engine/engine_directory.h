// The temporary directory of an engine: made for the user that the engine runs as, removed with it.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"

namespace brunt {

class EngineDirectory {
 public:
  // <temporary>/brunt-engine-<pid>-<kind>-XXXXXX, mode 0700, owned by `user` where one is given; a
  // tmpfs where options.disk_bytes says so.
  // Errors: unsupported (no tmpfs may be mounted), denied, not_found (no such user or directory),
  // exhausted, io.
  static Result<EngineDirectory> make(const EngineOptions& options, std::string_view kind,
                                      const std::string& user);
  EngineDirectory(EngineDirectory&& other) noexcept : path_(std::move(other.path_)) {
    other.path_.clear();
  }
  EngineDirectory& operator=(EngineDirectory&&) = delete;
  ~EngineDirectory();  // Removes it, unless release() was called.

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path release();

 private:
  explicit EngineDirectory(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

// Removes it with all that is in it, also where it is a file system of its own.
void remove_engine_directory(const std::filesystem::path& directory);

// What is in a directory; nothing if it cannot be read.
std::vector<std::filesystem::path> entries_of(const std::filesystem::path& directory);

// EngineOptions::temporary, else TMPDIR, else /tmp.
std::filesystem::path temporary_directory(const EngineOptions& options);

// A loopback port that nobody listens on at this moment; somebody may be quicker, so try again
// then.
Result<std::uint16_t> free_loopback_port();

}  // namespace brunt
