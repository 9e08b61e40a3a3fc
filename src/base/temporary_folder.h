// A folder of its own for files that are needed for a while.
//
//   const TemporaryFolder folder = TRY(TemporaryFolder::make("brunt-plot"));
//   TRY(write_file(folder / "plot.dat", numbers));
//
// Blocking, as what is in base/file.h.
#pragma once
#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace brunt {

// Owns the folder: it goes, with all that is in it, when the object does. Errors of that are not
// told.
class TemporaryFolder {
 public:
  // Among the machine's temporary files (TMPDIR); `prefix` and some letters that make the name new;
  // for this user only. Errors: what mkdtemp(3) says.
  static Result<TemporaryFolder> make(std::string_view prefix);

  TemporaryFolder(TemporaryFolder&& other) noexcept;
  TemporaryFolder& operator=(TemporaryFolder&& other) noexcept;
  ~TemporaryFolder();

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

 private:
  explicit TemporaryFolder(std::filesystem::path path) : path_(std::move(path)) {}
  void remove();

  std::filesystem::path path_;  // Empty: moved from.
};

}  // namespace brunt
