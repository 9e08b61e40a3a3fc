// Whatever bytes come: no crash, and the same replies whole and split; what comes out is JSON.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/json.h"
#include "wire/resp.h"

namespace {

std::string decoded(std::string_view text, std::size_t step) {
  brunt::RespDecoder decoder(
      {.bytes_max = 4096, .line_bytes_max = 256, .values_max = 200, .depth_max = 6});
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += step) {
    brunt::ByteView input = brunt::as_bytes(text.substr(at, step));
    while (true) {
      const auto more = decoder.next(input);
      if (!more) return out + std::string(brunt::name_of(more.error().code));
      if (!*more) break;
      std::string json;
      decoder.reply().append_json(json);
      if (!brunt::Json::parse(json)) std::abort();
      out += json + '\n';
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (size > 0 && decoded(text, size) != decoded(text, 1)) std::abort();
  return 0;
}
