// Content codings: gzip, deflate (in its zlib wrapping, and raw as some servers send it), br, zstd,
// and chains of them.
//
// A decoder is for one loop: it keeps its windows, so that decoding allocates nothing once warm.
// Output is limited, so a bomb is too_large and not a full memory.
//
//   ContentDecoder decoder;
//   TRY(decoder.decode(encoding_field, message.body, plain, {.output_bytes_max = 64u << 20u}));
//
// Source: RFC 9110, section 8.4; RFC 1950 to 1952; RFC 7932; RFC 8878.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace brunt {

enum class ContentCoding : std::uint8_t { identity, gzip, deflate, br, zstd };

std::string_view name_of(ContentCoding coding);
// One name, any case; x-gzip is gzip. Errors: unsupported.
Result<ContentCoding> parse_content_coding(std::string_view name);

struct DecodeLimits {
  std::uint64_t output_bytes_max = 64u << 20u;  // Of each step of a chain.
  std::uint32_t chain_max = 4;                  // Codings in one field.
};

class ContentDecoder {
 public:
  ContentDecoder();
  ~ContentDecoder();
  ContentDecoder(ContentDecoder&&) noexcept;
  ContentDecoder& operator=(ContentDecoder&&) noexcept;

  // Undoes the codings of a Content-Encoding field, last one first; replaces `out`. `body` and
  // `out` must not overlap. An empty body stays empty, as after HEAD. What a coding that nobody
  // knows did stays, as in k6. Errors: malformed (broken or cut data), too_large.
  Result<> decode(std::string_view content_encoding, std::string_view body, std::string& out,
                  const DecodeLimits& limits = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The way back, for servers and tests; not for the hot path. Errors: exhausted.
Result<std::string> encode_content(ContentCoding coding, std::string_view bytes);

}  // namespace brunt
