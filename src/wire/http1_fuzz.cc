// Any bytes, as requests and as responses: no crash, no overrun, and the same messages whether the
// bytes come whole, one by one, or cut in two at a place that the bytes themselves choose.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "wire/http1_events.h"

namespace {

using brunt::Http1Reading;

// Small, so that the fuzzer reaches them.
brunt::Http1Limits small_limits() {
  return {.start_line_max = 64,
          .head_bytes_max = 512,
          .fields_max = 8,
          .chunk_line_max = 24,
          .interim_max = 3,
          .body_bytes_max = 300};
}

void check(const Http1Reading& reading, std::string_view input) {
  const std::vector<std::string_view> whole = {input};
  std::vector<std::string_view> single;
  for (std::size_t i = 0; i < input.size(); ++i) single.push_back(input.substr(i, 1));
  const std::size_t cut =
      input.empty() ? 0 : static_cast<unsigned char>(input.back()) * input.size() / 256;
  const std::vector<std::string_view> two = {input.substr(0, cut), input.substr(cut)};
  const auto events = brunt::read_http1(reading, whole);
  if (events != brunt::read_http1(reading, single) || events != brunt::read_http1(reading, two)) {
    std::fputs("whole and split feeding disagree\n", stderr);
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t size_max = 4096;  // Byte by byte is quadratic in nothing, but slow.
  if (size > size_max) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  check({.role = brunt::Http1Role::client}, input);
  check({.role = brunt::Http1Role::server}, input);
  check({.role = brunt::Http1Role::client, .limits = small_limits()}, input);
  check({.role = brunt::Http1Role::server, .limits = small_limits()}, input);
  check({.role = brunt::Http1Role::client, .expectation = {.answers_head = true}}, input);
  return 0;
}
