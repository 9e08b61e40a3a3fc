// Files that a script reads, for the tests of scripts.
#pragma once
#include <doctest/doctest.h>

#include <map>
#include <string>

#include "base/file.h"
#include "base/temporary_folder.h"

namespace brunt {

// The files by their paths in it.
inline TemporaryFolder script_folder(const std::map<std::string, std::string>& files) {
  TemporaryFolder folder = TemporaryFolder::make("brunt-script").value();
  for (const auto& [name, text] : files) {
    std::filesystem::create_directories((folder / name).parent_path());
    REQUIRE(write_file(folder / name, text));
  }
  return folder;
}

}  // namespace brunt
