// A script with everything that it reads as one file, as k6's: `brunt archive`, `brunt run x.tar`.
//
//   ScriptArchive archive{.path = "load.js", .text = text};
//   const Plan plan = TRY(read_script(text, path, {.collected = &archive.files}));
//   TRY(write_file("archive.tar", archive_bytes(archive, *plan.script)));
//   ...
//   const ScriptArchive archive = TRY(read_script_archive(bytes));
//   TRY(read_script(archive.text, archive.path, {.archived = &archive.files}));
//
// Source: k6, lib/archive.go: metadata.json, `data` (the script), and file/PATH for each file.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "script/script_reader.h"

namespace brunt {

struct ScriptArchive {
  std::filesystem::path path;                      // Of the script.
  std::string text;                                // The script.
  ScriptFiles files;                               // What else it reads.
  std::map<std::string, std::string> environment;  // As it was given: -e.
  Json options;                                    // What they came to, without what is null.
};

// `bundle`: of the script, for its options.
std::string archive_bytes(const ScriptArchive& archive, const ScriptBundle& bundle);

// Errors: malformed.
Result<ScriptArchive> read_script_archive(std::string_view bytes);

// How a file is known in an archive: absolute, and without the name of whose home it is in.
std::string archived_name(const std::filesystem::path& path);

}  // namespace brunt
