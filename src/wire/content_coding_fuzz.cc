// Any bytes through every decoder: no crash, never more output than the limit; and what we encode
// decodes to itself.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "wire/content_coding.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::uint64_t output_bytes_max = 1u << 20u;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  brunt::ContentDecoder decoder;
  std::string out;
  for (const char* field : {"gzip", "deflate", "br", "zstd", "gzip, deflate, br"}) {
    const auto done =
        decoder.decode(field, input, out, {.output_bytes_max = output_bytes_max, .chain_max = 4});
    if (done && out.size() > output_bytes_max) std::abort();
  }
  for (const auto coding : {brunt::ContentCoding::gzip, brunt::ContentCoding::deflate,
                            brunt::ContentCoding::br, brunt::ContentCoding::zstd}) {
    const auto coded = brunt::encode_content(coding, input);
    if (!coded || !decoder.decode(brunt::name_of(coding), *coded, out) || out != input)
      std::abort();
  }
  return 0;
}
