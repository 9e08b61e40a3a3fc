// Files that init code opens: read once while the script is read, then out of the bundle.
//
// For this layer only.
#pragma once
#include <string>
#include <string_view>

#include "script/engine.h"

namespace brunt {

struct OpenedFile {
  std::string path;        // As the bundle knows it: relative names begin at the calling module.
  std::string_view bytes;  // The bundle's.
};

// Errors: those of read_file(); invalid: not in init code, or not opened when the script was read.
Result<OpenedFile> open_in_init(JSContext* context, std::string_view name);

}  // namespace brunt
