// One WebSocket on a simulated network, 10 ms each way: the handshake and every way in which it
// fails, messages both ways, and the end.
#include "client/websocket_client.h"

#include "client/websocket_test_peer.h"

using namespace brunt;

namespace {

struct Played {
  std::optional<RequestFailure> failure;
  std::uint16_t status = 0;
  bool opened = false;
  std::vector<std::string> received;
  std::string error;
  HttpTimings timings;
  Duration elapsed{};
};

std::string words(const WebSocketMessage& message) {
  static constexpr const char* names[] = {"", "text", "binary", "",     "",    "",
                                          "", "",     "close",  "ping", "pong"};
  std::string text = names[static_cast<std::size_t>(message.opcode)];
  if (message.opcode == WebSocketOpcode::close) text += " " + std::to_string(message.close_code);
  return text + " " + std::string(message.payload);
}

struct Script {
  std::function<void(WebSocketPeer&)> serve = [](WebSocketPeer& peer) { peer.echo(); };
  std::function<void(Fiber&, WebSocketClient&)> act = [](Fiber&, WebSocketClient&) {};
  std::string fields;                      // Of the server's answer.
  std::function<void(Peer&)> answer = {};  // Instead of all that.
  std::string url = "ws://localhost/chat?room=1";
  std::vector<HttpField> sends = {};
  bool offers_deflate = false;
};

// Connects, acts, receives to the end.
Played play(const Script& script, std::string* request = nullptr) {
  Played played;
  HttpTestWorld world{.serve =
                          [&](Peer& peer) {
                            const std::string head = peer.request();
                            if (request != nullptr) *request = head;
                            if (script.answer) return script.answer(peer);
                            WebSocketPeer socket(peer, head, script.fields);
                            script.serve(socket);
                          },
                      .options = {}};
  if (script.url.starts_with("wss")) world.certificate_name = "localhost";
  world.run([&](Fiber& self, HttpContext& context) {
    const Instant started = self.now();
    MessageDeflate deflate;
    const WebSocketClientOptions options{.server_name = {}, .deflate = &deflate, .limits = {}};
    WebSocketClient socket(context, options);
    HttpReply reply;
    const Url url = parse_websocket_url(script.url).value();
    REQUIRE(socket.connect(
        self, {.url = url, .fields = script.sends, .offers_deflate = script.offers_deflate}, reply,
        self.now() + 5s));
    played.failure = reply.failure;
    played.status = reply.status();
    played.timings = reply.timings;
    played.opened = socket.is_open();
    reply.release();
    if (played.opened) script.act(self, socket);
    while (socket.is_open() && !socket.is_over()) {
      const auto done = socket.receive(self, self.now() + 1h, [&](const WebSocketMessage& message) {
        played.received.push_back(words(message));
      });
      if (done) continue;
      played.error = done.error().text;
      break;
    }
    socket.end(self);
    CHECK(socket.bytes_sent() >= reply.bytes_sent);
    played.elapsed = self.now() - started;
  });
  return played;
}

}  // namespace

TEST_CASE("a socket opens in two round trips and its messages come back in order") {
  std::string request;
  const Played played =
      play({.act =
                [](Fiber&, WebSocketClient& socket) {
                  REQUIRE(socket.send(WebSocketOpcode::text, "one"));
                  REQUIRE(socket.send(WebSocketOpcode::binary, std::string(100'000, 'b')));
                  REQUIRE(socket.send(WebSocketOpcode::ping, "p"));
                  CHECK(socket.queued_bytes() == 100'003);
                  socket.close(1000, "done");
                  CHECK(!socket.send(WebSocketOpcode::text, "late"));
                },
            .sends = {{"Cookie", "a=1"}, {"Host", "shop.test"}}},
           &request);
  CHECK(played.opened);
  CHECK(played.status == 101);
  CHECK(played.timings.ended() - played.timings.started == 40ms);
  CHECK(played.received == std::vector<std::string>{"text one",
                                                    "binary " + std::string(100'000, 'b'), "pong p",
                                                    "close 1000 done"});
  CHECK(played.error.empty());
  CHECK(played.elapsed < 100ms);
  CHECK(request.starts_with("GET /chat?room=1 HTTP/1.1\r\nHost: shop.test\r\n"));
  CHECK(request.contains("Upgrade: websocket\r\nConnection: Upgrade\r\n"));
  CHECK(request.contains("Sec-WebSocket-Version: 13\r\n"));
  CHECK(request.contains("Cookie: a=1\r\n"));
}

TEST_CASE("a socket goes over TLS as well") {
  const Played played = play({.act =
                                  [](Fiber&, WebSocketClient& socket) {
                                    REQUIRE(socket.send(WebSocketOpcode::text, "secret"));
                                    socket.close(1000, {});
                                  },
                              .url = "wss://localhost/"});
  CHECK(played.received == std::vector<std::string>{"text secret", "close 1000 "});
  CHECK(played.timings.tls_handshaking > Duration{});
}

TEST_CASE("a peer's ping is answered, and its close too, with its code") {
  std::vector<std::string> seen;
  const Played played = play({.serve = [&](WebSocketPeer& peer) {
    (void)peer.send({.opcode = WebSocketOpcode::ping, .payload = "are you there"});
    (void)peer.send({.payload = "frag", .final = false});
    (void)peer.send({.opcode = WebSocketOpcode::continuation, .payload = "ments"});
    (void)peer.close(4001, "enough");
    while (const auto message = peer.next())
      seen.push_back(message->payload + " " + std::to_string(message->close_code));
  }});
  CHECK(played.received ==
        std::vector<std::string>{"ping are you there", "text fragments", "close 4001 enough"});
  CHECK(seen == std::vector<std::string>{"are you there 0", "enough 4001"});
}

TEST_CASE("what the server answers instead of a handshake is in the reply") {
  const auto answered = [](const std::string& text) {
    return play({.answer = [text](Peer& peer) {
      (void)peer.send(text);
      peer.finish();
    }});
  };
  const Played missing = answered("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone");
  CHECK(!missing.opened);
  CHECK(missing.status == 404);
  CHECK(!missing.failure);
  const Played closed = answered("");
  REQUIRE(closed.failure);
  CHECK(closed.failure->message == "EOF");
  const std::string upgrade =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
  for (const auto& [text, detail] :
       {std::pair(upgrade + "\r\n", "Sec-WebSocket-Accept"),
        std::pair(upgrade + "Sec-WebSocket-Accept: eA==\r\n\r\n", "Sec-WebSocket-Accept"),
        std::pair(std::string("HTTP/1.1 101 X\r\nConnection: upgrade\r\n\r\n"), "Upgrade")}) {
    const Played bad = answered(text);
    REQUIRE(bad.failure);
    CHECK_MESSAGE(bad.failure->detail.contains(detail), bad.failure->detail);
    CHECK(bad.failure->detail.starts_with("websocket: bad handshake"));
  }
}

TEST_CASE("nobody who listens and a field of the handshake are failures") {
  const Played refused = play({.url = "ws://localhost:1/"});
  REQUIRE(refused.failure);
  CHECK(refused.failure->code == 1212);
  const Played twice = play({.sends = {{"Connection", "close"}}});
  REQUIRE(twice.failure);
  CHECK(twice.failure->detail == "websocket: duplicate header not allowed: Connection");
  const Played silent = play({.answer = [](Peer& peer) { peer.hang(); }});
  REQUIRE(silent.failure);
  CHECK(silent.failure->code == 1050);
  CHECK(!parse_websocket_url("http://localhost/"));
  CHECK(!parse_websocket_url("ws:localhost"));
  CHECK(parse_websocket_url("WSS://a.test").value().port == 443);
}

TEST_CASE("compression is spoken where both agree on it") {
  const std::string text(1000, 'c');
  bool was_compressed = false;
  const auto act = [&](Fiber&, WebSocketClient& socket) {
    was_compressed = socket.compresses();
    REQUIRE(socket.send(WebSocketOpcode::text, text));
    REQUIRE(socket.send(WebSocketOpcode::text, "short"));
    socket.close(1000, {});
  };
  const std::string agreed = "Sec-WebSocket-Extensions: " + std::string(deflate_offer) + "\r\n";
  std::string request;
  const Played played = play({.act = act, .fields = agreed, .offers_deflate = true}, &request);
  CHECK(was_compressed);
  CHECK(request.contains(agreed));
  CHECK(played.received == std::vector<std::string>{"text " + text, "text short", "close 1000 "});
  play({.act = act, .offers_deflate = true});
  CHECK(!was_compressed);
  const Played unasked = play({.act = act, .fields = agreed});
  REQUIRE(unasked.failure);
  CHECK(unasked.failure->detail.contains("not offered"));
}

TEST_CASE("a peer that breaks the protocol is told by a close") {
  struct Row {
    WebSocketFrame frame;
    std::uint16_t code;
  };
  const Row rows[] = {{{.payload = "\xff"}, 1007},
                      {{.payload = "x", .mask = 1}, 1002},
                      {{.opcode = WebSocketOpcode::continuation}, 1002}};
  for (const Row& row : rows) {
    std::uint16_t code = 0;
    const Played played = play({.serve = [&](WebSocketPeer& peer) {
      (void)peer.send(row.frame);
      if (const auto message = peer.next()) code = message->close_code;
    }});
    CHECK(code == row.code);
    CHECK(!played.error.empty());
    CHECK(played.received.empty());
  }
}

TEST_CASE(
    "a connection that ends without a close is an error, and so is a close that nobody answers") {
  const Played cut = play({.serve = [](WebSocketPeer&) {}});
  CHECK(cut.error == "the connection ended without a close frame");
  const Played silent =
      play({.serve =
                [](WebSocketPeer& peer) {
                  while (peer.next()) continue;
                },
            .act = [](Fiber&, WebSocketClient& socket) { socket.close(1000, {}); }});
  CHECK(silent.elapsed > 1s);
  CHECK(silent.elapsed < 3s);
}

TEST_CASE("a socket that is given up sends what it has and says goodbye without being waited for") {
  std::vector<std::string> seen;
  const Played played =
      play({.serve =
                [&](WebSocketPeer& peer) {
                  while (const auto message = peer.next())
                    seen.push_back(message->payload + " " + std::to_string(message->close_code));
                  seen.emplace_back("end");
                },
            .act =
                [](Fiber& self, WebSocketClient& socket) {
                  REQUIRE(socket.send(WebSocketOpcode::text, "last words"));
                  socket.abandon(self);
                  CHECK(!socket.is_open());
                  REQUIRE(self.sleep(100ms));
                }});
  REQUIRE(seen.size() >= 2);
  CHECK(seen[0] == "last words 0");
  CHECK(seen[1] == " 1001");
}

TEST_CASE("who sends more than the peer reads can wait for it") {
  std::size_t received = 0;
  const Played played =
      play({.serve =
                [&](WebSocketPeer& peer) {
                  while (const auto message = peer.next()) {
                    received += message->payload.size();
                    if (message->opcode == WebSocketOpcode::close) (void)peer.close(1000);
                  }
                },
            .act =
                [](Fiber& self, WebSocketClient& socket) {
                  for (int i = 0; i < 50; ++i) {
                    REQUIRE(socket.send(WebSocketOpcode::binary, std::string(50'000, 'x')));
                    REQUIRE(socket.drain(self, 100'000));
                    CHECK(socket.queued_bytes() <= 100'000);
                  }
                  socket.close(1000, {});
                }});
  CHECK(received == 50 * 50'000);
  CHECK(played.error.empty());
}

TEST_CASE("a peer that never reads is given up") {
  const Played stuck =
      play({.serve = [](WebSocketPeer& peer) { (void)peer.next(), peer.hang(); },
            .act =
                [](Fiber&, WebSocketClient& socket) {
                  REQUIRE(socket.send(WebSocketOpcode::text, "first"));
                  REQUIRE(socket.send(WebSocketOpcode::binary, std::string(10'000'000, 'x')));
                }});
  CHECK(!stuck.error.empty());
  CHECK(stuck.elapsed > 10s);
  CHECK(stuck.elapsed < 13s);
}
