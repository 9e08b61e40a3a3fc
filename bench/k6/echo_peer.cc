// What scripts of gRPC and of WebSockets are measured against: on a loop of its own, every call's
// message and every WebSocket's message is sent back as it came. Nothing is read in it or checked.
//
//   echo_peer            prints the ports of gRPC and of WebSockets, serves until it is killed
#include <cstdio>
#include <string>
#include <unordered_map>
#include <vector>

#include "loop/loop.h"
#include "wire/http2_session.h"
#include "wire/websocket.h"

namespace {

using namespace brunt;

// One connection of gRPC: what a call says comes back when it has said all.
class EchoCalls : public Http2Visitor {
 public:
  Result<> open() {
    session_ = TRY(Http2Session::create(Http2Role::server, *this, {.streams_max = 10'000}));
    return {};
  }
  Result<> feed(ByteView bytes) { return session_->feed(bytes); }
  void drain(std::string& out) { session_->drain(out); }

  void headers(std::int32_t, std::span<const HttpField>) override {}
  void data(std::int32_t stream, std::string_view bytes) override {
    said_[stream] += bytes;
    session_->consume(stream, bytes.size());
  }
  void ended(std::int32_t stream) override {
    static constexpr HttpField head[] = {{":status", "200"},
                                         {"content-type", "application/grpc"}};
    static constexpr HttpField tail[] = {{"grpc-status", "0"}};
    session_->respond(stream, head);
    session_->write(stream, said_[stream]);
    session_->finish(stream, tail);
  }
  void closed(std::int32_t stream, std::uint32_t) override { said_.erase(stream); }

 private:
  std::unique_ptr<Http2Session> session_;
  std::unordered_map<std::int32_t, std::string> said_;
};

void answer_calls(Fiber& self, Stream& stream) {
  EchoCalls calls;
  if (!calls.open()) return;
  for (std::string out;;) {
    calls.drain(out);
    if (!out.empty() && !stream.send(self, as_bytes(out), far_future)) return;
    out.clear();
    const auto bytes = stream.receive(self, far_future);
    if (!bytes || bytes->empty() || !calls.feed(*bytes)) return;
  }
}

// The handshake of one WebSocket. False: there was none.
bool shake_hands(Fiber& self, Stream& stream) {
  std::string head;
  while (!head.contains("\r\n\r\n")) {
    const auto bytes = stream.receive(self, far_future);
    if (!bytes || bytes->empty()) return false;
    head += as_text(*bytes);
  }
  constexpr std::string_view name = "Sec-WebSocket-Key: ";
  const auto from = head.find(name);
  if (from == std::string::npos) return false;
  const std::string key = head.substr(from + name.size(), 24);
  const std::string answer =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: " +
      websocket_accept(key) + "\r\n\r\n";
  return stream.send(self, as_bytes(answer), far_future).has_value();
}

void answer_messages(Fiber& self, Stream& stream) {
  if (!shake_hands(self, stream)) return;
  WebSocketReader reader(WebSocketRole::server);
  for (std::string out;;) {
    const auto received = stream.receive(self, far_future);
    if (!received || received->empty()) return;
    out.clear();
    bool closed = false;
    for (ByteView bytes = *received; !closed;) {
      const auto message = reader.next(bytes);
      if (!message) return;
      if (!*message) break;
      closed = (*message)->opcode == WebSocketOpcode::close;
      append_websocket_frame(out, {.opcode = (*message)->opcode,
                                   .payload = closed ? std::string_view() : (*message)->payload});
    }
    if (!out.empty() && !stream.send(self, as_bytes(out), far_future)) return;
    if (closed) return stream.finish();
  }
}

using Answer = void (*)(Fiber&, Stream&);

void serve(Fiber& self, Listener& listener, Answer answer) {
  for (;;) {
    auto stream = listener.accept(self, far_future);
    if (!stream) continue;
    const auto spawned =
        self.loop().spawn("client", [stream = std::move(*stream), answer](Fiber& fiber) {
          answer(fiber, *stream);
        });
    if (!spawned) std::fprintf(stderr, "%s\n", spawned.error().text.c_str());
  }
}

}  // namespace

int main() {
  auto loop = Loop::create({});
  if (!loop) return 1;
  std::vector<std::unique_ptr<Listener>> listeners;
  for (const Answer answer : {answer_calls, answer_messages}) {
    auto listener = (*loop)->listen({.at = Endpoint::loopback(0)});
    if (!listener) return 1;
    std::printf("%d\n", static_cast<int>((*listener)->local().port()));
    Listener& held = *listeners.emplace_back(std::move(*listener));
    if (!(*loop)->spawn("serve", [&held, answer](Fiber& self) { serve(self, held, answer); }))
      return 1;
  }
  std::fflush(stdout);
  (*loop)->run();
}
