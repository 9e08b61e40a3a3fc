// Whatever bytes come: no crash, and what was read is read again when it is written.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "wire/tar.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto files = brunt::read_tar(text, {.files_max = 100, .bytes_max = 1u << 20u});
  if (!files) return 0;
  std::string again;
  for (const brunt::TarFile& file : *files) brunt::append_tar_file(again, file);
  brunt::append_tar_end(again);
  const auto read = brunt::read_tar(again);
  if (!read || read->size() != files->size()) std::abort();
  return 0;
}
