// Whatever bytes come: no crash, and what was read is written so that it reads the same again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using brunt::Json;
  const auto first = Json::parse({reinterpret_cast<const char*>(data), size});
  if (!first) return 0;
  const std::string text = first->dump();
  const auto second = Json::parse(text);
  if (!second || second->dump() != text) std::abort();
  const auto pretty = Json::parse(first->dump_pretty());
  if (!pretty || pretty->dump() != text) std::abort();
  return 0;
}
