#include "service/echo/echo_websocket.h"

#include "base/text.h"
#include "wire/websocket.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;

constexpr Duration idle_timeout = 5min, send_timeout = 30s;

bool asks_for_websocket(const HttpRequestView& request) {
  return equal_ignoring_case(request.fields().find("upgrade").value_or(""), "websocket") &&
         request.fields().find("sec-websocket-key").has_value();
}

// What goes back for a message.
std::string reply_to(const WebSocketMessage& message) {
  std::string out;
  WebSocketFrame frame{.opcode = message.opcode, .payload = message.payload, .mask = {}};
  std::string payload;
  if (message.opcode == WebSocketOpcode::close) {
    payload = websocket_close_payload(message.close_code, message.payload);
    frame.payload = payload;
  }
  if (message.opcode == WebSocketOpcode::ping) frame.opcode = WebSocketOpcode::pong;
  if (message.opcode != WebSocketOpcode::pong) append_websocket_frame(out, frame);
  return out;
}

void echo_messages(Fiber& self, Stream& stream) {
  WebSocketReader reader(WebSocketRole::server);
  for (;;) {
    auto bytes = stream.receive(self, self.now() + idle_timeout);
    if (!bytes || bytes->empty()) return;
    ByteView left = *bytes;
    std::string out;
    bool closes = false;
    while (!closes) {
      const auto message = reader.next(left);
      if (!message) {
        const auto code = websocket_code_of(message.error().code);
        append_websocket_frame(out, {.opcode = WebSocketOpcode::close,
                                     .payload = websocket_close_payload(code, message.error().text),
                                     .mask = {}});
        closes = true;
        break;
      }
      if (!*message) break;
      out += reply_to(**message);
      closes = (*message)->opcode == WebSocketOpcode::close;
    }
    if (!out.empty() && !stream.send(self, as_bytes(out), self.now() + send_timeout)) return;
    if (closes) return stream.finish();
  }
}

}  // namespace

void echo_websocket(EchoRequest& request) {
  if (!asks_for_websocket(request.view)) {
    request.response.add_field("Upgrade", "websocket");
    return answer_wrong(request.response, 426, "this is a WebSocket");
  }
  request.response.add_field(
      "Sec-WebSocket-Accept",
      websocket_accept(request.view.fields().find("sec-websocket-key").value_or("")));
  const auto stream = request.response.upgrade(request.self, "websocket");
  if (stream) echo_messages(request.self, **stream);
}

void say_or_echo_websocket(EchoRequest& request) {
  if (asks_for_websocket(request.view)) return echo_websocket(request);
  answer_json(request.response, echo_of(request));
}

}  // namespace brunt
