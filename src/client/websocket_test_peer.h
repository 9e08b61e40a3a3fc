// The server's end of a WebSocket on the simulated network, for tests: the handshake, and frames
// read and written.
//
//   WebSocketPeer socket(peer, peer.request());
//   while (const auto message = socket.next()) socket.send(WebSocketOpcode::text, "echo");
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/http_test_world.h"
#include "wire/message_deflate.h"
#include "wire/websocket.h"

namespace brunt {

struct ReceivedMessage {
  WebSocketOpcode opcode = WebSocketOpcode::text;
  std::string payload;
  std::uint16_t close_code = 0;
  bool compressed = false;
};

class WebSocketPeer {
 public:
  // Answers with 101 and these further field lines.
  WebSocketPeer(Peer& peer, const std::string& request, const std::string& fields = "")
      : peer_(peer), reader_(WebSocketRole::server, {}, WebSocketExtension::deflate) {
    constexpr std::string_view name = "Sec-WebSocket-Key: ";
    const auto from = request.find(name) + name.size();
    (void)peer.send(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: " +
        websocket_accept(request.substr(from, request.find("\r\n", from) - from)) + "\r\n" +
        fields + "\r\n");
  }

  bool send(const WebSocketFrame& frame) {
    std::string bytes;
    append_websocket_frame(bytes, frame);
    return peer_.send(bytes);
  }
  bool close(std::uint16_t code, std::string_view reason = {}) {
    const std::string payload = websocket_close_payload(code, reason);
    return send({.opcode = WebSocketOpcode::close, .payload = payload});
  }

  // nullopt: the client's connection has ended.
  std::optional<ReceivedMessage> next() {
    while (true) {
      ByteView bytes = as_bytes(rest_);
      const auto message = reader_.next(bytes);
      REQUIRE_MESSAGE(message.has_value(), message.error().text);
      std::optional<ReceivedMessage> taken;
      if (*message)
        taken = {(*message)->opcode, std::string((*message)->payload), (*message)->close_code,
                 (*message)->compressed};
      rest_ = as_text(bytes);
      if (taken) return taken;
      if ((rest_ = peer_.some()).empty()) return std::nullopt;
    }
  }

  void hang() { peer_.hang(); }
  void reset() { peer_.reset(); }

  // Sends back what comes, until the client closes; answers that, and ends.
  void echo() {
    while (const auto message = next()) {
      if (message->opcode == WebSocketOpcode::close) {
        (void)close(message->close_code, message->payload);
        return peer_.finish();
      }
      if (message->opcode == WebSocketOpcode::pong) continue;
      (void)send({.opcode = message->opcode == WebSocketOpcode::ping ? WebSocketOpcode::pong
                                                                     : message->opcode,
                  .payload = message->payload,
                  .compressed = message->compressed});
    }
  }

 private:
  Peer& peer_;
  WebSocketReader reader_;
  std::string rest_;
};

}  // namespace brunt
