// Any bytes, as a server's frames and as a client's: no crash, no overrun, the same messages
// whether the bytes come whole or in pieces, none beyond the limit; and what is written is read
// again.
#include <cstdint>
#include <cstdlib>

#include "wire/message_deflate.h"
#include "wire/websocket_events.h"

namespace {

using namespace brunt;

void check(const WebSocketReader& reader, std::string_view input) {
  const auto whole = read_websocket(reader, input, input.size() + 1);
  if (whole != read_websocket(reader, input, 1) || whole != read_websocket(reader, input, 7))
    std::abort();
}

void write_and_read(std::string_view input) {
  const auto opcode = input.size() % 2 == 0 ? WebSocketOpcode::binary : WebSocketOpcode::ping;
  const std::string_view payload = opcode == WebSocketOpcode::ping ? input.substr(0, 125) : input;
  std::string bytes;
  append_websocket_frame(bytes, {.opcode = opcode, .payload = payload, .mask = 0x89abcdef});
  WebSocketReader reader(WebSocketRole::server);
  ByteView rest = as_bytes(bytes);
  const auto message = reader.next(rest);
  if (!message || !*message || (*message)->payload != payload || !rest.empty()) std::abort();
}

void inflate(std::string_view input) {
  static MessageDeflate deflate;
  std::string plain, packed, again;
  constexpr std::uint64_t plain_bytes_max = 1u << 16u;
  if (deflate.inflate(input, plain, plain_bytes_max) && plain.size() > plain_bytes_max)
    std::abort();
  if (!deflate.deflate(input, packed) || !deflate.inflate(packed, again, input.size()) ||
      again != input)
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t size_max = 4096;
  if (size > size_max) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const WebSocketLimits limits{.message_bytes_max = 2000, .bytes_kept = 100};
  check(WebSocketReader(WebSocketRole::client, limits), input);
  check(WebSocketReader(WebSocketRole::server, limits, WebSocketExtension::deflate), input);
  write_and_read(input);
  inflate(input);
  return 0;
}
