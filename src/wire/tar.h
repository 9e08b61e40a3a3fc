// Tar archives, whole: files into bytes, and bytes into files. No I/O.
//
//   std::string bytes;
//   append_tar_file(bytes, {"metadata.json", text});
//   append_tar_end(bytes);
//   for (const TarFile& file : TRY(read_tar(bytes))) use(file.name, file.content);
//
// Written: ustar, and pax where a name is longer than 100 bytes; without a time, so that the same
// files give the same bytes. Read: these, GNU's long names, and hard links as the files they lead
// to; folders and everything else is left out.
//
// Source: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Header Block".
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace brunt {

struct TarFile {
  std::string name;
  std::string content;
};

struct TarLimits {
  std::size_t files_max = 100'000;
  std::uint64_t bytes_max = 2u << 30u;  // Of all contents: a link may repeat one.
};

void append_tar_file(std::string& out, const TarFile& file);
void append_tar_end(std::string& out);

// Errors: malformed, too_large.
Result<std::vector<TarFile>> read_tar(std::string_view bytes, const TarLimits& limits = {});

}  // namespace brunt
