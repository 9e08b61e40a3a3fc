// Messages of a WebSocket compressed each by itself: permessage-deflate without context takeover,
// the only kind that needs no memory for each connection.
//
//   if (TRY(negotiate_deflate(answer))) ...          // of the server's Sec-WebSocket-Extensions
//   TRY(deflate.inflate(message.payload, plain, bytes_max));
//
// For one loop: it keeps its windows (some 300 KiB once used) and serves any number of connections.
//
// Source: RFC 7692, sections 7.1 and 7.2.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace brunt {

// What a client offers.
inline constexpr std::string_view deflate_offer =
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

// Whether the server took the offer. Errors: unsupported: another extension, or a context that
// would be taken over.
Result<bool> negotiate_deflate(std::string_view answer);

class MessageDeflate {
 public:
  MessageDeflate();
  ~MessageDeflate();

  // Replace `out`; it and the input must not overlap. Errors: malformed, too_large, exhausted.
  Result<> deflate(std::string_view plain, std::string& out);
  Result<> inflate(std::string_view packed, std::string& out, std::uint64_t plain_bytes_max);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace brunt
