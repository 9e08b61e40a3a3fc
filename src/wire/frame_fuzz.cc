// Any bytes, as requests and as ACKs of several layouts: no crash, no overrun, the same messages
// whether the bytes come whole or one by one; and what was read encodes to the bytes it came from,
// but for the padding.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "wire/frame.h"

namespace {

using namespace brunt;

// What the stream means, written down again with `layout`; the error last.
std::string read_again(const FrameLayout& layout, std::string_view input, std::size_t piece) {
  FrameRequestDecoder decoder(layout);
  std::string out;
  for (std::size_t at = 0; at < input.size(); at += piece) {
    const std::string part(input.substr(at, piece));
    for (ByteView rest = as_bytes(part);;) {
      const auto request = decoder.next(rest);
      if (!request) return out + "!" + request.error().text;
      if (!request->has_value()) break;
      if ((*request)->payload.size() > layout.payload_bytes_max) std::abort();
      if (!append_frame_request(out, layout, **request)) std::abort();
    }
  }
  return decoder.in_message() ? out + "!cut" : out;
}

void check(const FrameLayout& layout, std::string_view input) {
  if (!check_frame_layout(layout)) std::abort();
  const std::string whole = read_again(layout, input, input.size() + 1);
  if (whole != read_again(layout, input, 1) || whole != read_again(layout, input, 7)) std::abort();
  const std::string_view messages = std::string_view(whole).substr(0, input.size());
  if (layout.padding_bytes == 0 && whole.find('!') == std::string::npos && messages != input)
    std::abort();
  FrameAckDecoder decoder(layout);
  std::string acks;
  ByteView rest = as_bytes(input);
  while (const auto ack = decoder.next(rest))
    if (!append_frame_ack(acks, layout, *ack)) std::abort();
  if (!input.starts_with(acks) || input.size() - acks.size() >= layout.ack_bytes()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t size_max = 4096;
  if (size > size_max) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  check(FrameLayout::brunt(), input);
  check(FrameLayout::original(), input);
  check({.client_id_bytes = 1,
         .message_id_bytes = 0,
         .length_bytes = 1,
         .payload_bytes_min = 0,
         .payload_bytes_max = 20},
        input);
  check({.client_id_bytes = 8,
         .message_id_bytes = 2,
         .length_bytes = 4,
         .padding_bytes = 3,
         .ack_order = ByteOrder::little,
         .payload_bytes_max = 1000},
        input);
  return 0;
}
