// What a stream of frames means as a list of texts, for tests and the fuzzer: feeding it whole and
// feeding it in pieces must give equal lists.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "wire/websocket.h"

namespace brunt {

// "text hello", "close 1000 bye", "!malformed" at the end, "cut" where it ends within a message.
inline std::vector<std::string> read_websocket(WebSocketReader reader, std::string_view bytes,
                                               std::size_t piece) {
  std::vector<std::string> events;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    // A copy of exactly this piece, so that a sanitizer sees a read behind it.
    const std::string part(bytes.substr(at, piece));
    for (ByteView input = as_bytes(part);;) {
      const auto message = reader.next(input);
      if (!message) {
        events.push_back("!" + std::string(name_of(message.error().code)));
        return events;
      }
      if (!message->has_value()) break;
      static constexpr const char* names[] = {"", "text", "binary", "",     "",    "",
                                              "", "",     "close",  "ping", "pong"};
      std::string text = names[static_cast<std::size_t>((*message)->opcode)];
      if ((*message)->compressed) text += " compressed";
      if ((*message)->opcode == WebSocketOpcode::close)
        text += " " + std::to_string((*message)->close_code);
      events.push_back(text + " " + std::string((*message)->payload));
    }
  }
  if (reader.in_message()) events.emplace_back("cut");
  return events;
}

}  // namespace brunt
