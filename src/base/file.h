// Whole files in and out. Blocking: for start and end of a run, or on a helper thread, never on a
// loop under load.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace brunt {

// Errors: not_found, denied, too_large beyond `bytes_max`, io; the text names the path.
Result<std::string> read_file(const std::filesystem::path& path,
                              std::uint64_t bytes_max = 256u << 20u);

// Replaces the file as a whole: written beside it, flushed to disk, renamed. A full disk leaves the
// old one.
Result<> write_file(const std::filesystem::path& path, std::string_view content);

}  // namespace brunt
