// Any challenge, as a server might send it: no crash, and an answer that fits into one header line.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "wire/digest_auth.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view challenge(reinterpret_cast<const char*>(data), size);
  const auto field = brunt::digest_authorization(
      challenge,
      {.user = "ann", .password = "secret", .method = "GET", .target = "/a", .chance = "0a4f"});
  // Line ends within a field's value never come from a reader of HTTP, so they may be given back.
  const bool is_one_line = challenge.find_first_of("\r\n") == std::string_view::npos;
  if (field && is_one_line && field->find_first_of("\r\n") != std::string::npos) std::abort();
  return 0;
}
