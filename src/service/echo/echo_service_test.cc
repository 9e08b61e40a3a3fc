// The echo service over the simulated network: what each path answers, and what is wrong is said.
#include "service/echo/echo_service.h"

#include <doctest/doctest.h>

#include <functional>

#include "base/json.h"
#include "base/text.h"
#include "loop/fiber_group.h"
#include "server/http_client_for_tests.h"
#include "wire/content_coding.h"
#include "wire/digest_auth.h"
#include "wire/websocket.h"

using namespace std::chrono_literals;
using namespace brunt;

namespace {

void with_echo(const std::function<void(Fiber&, TestHttpClient&)>& story) {
  auto loop = Loop::create({.backend = BackendKind::simulated});
  REQUIRE(loop);
  REQUIRE((*loop)->spawn("story", [&](Fiber& self) {
    auto service = EchoService::start(self.loop(), {.at = Endpoint::loopback(80), .tls = {}});
    REQUIRE(service);
    FiberGroup group(self.loop());
    REQUIRE(group.spawn("echo", [&](Fiber& fiber) { (*service)->serve(fiber); }));
    {
      auto client = TestHttpClient::connect(self, (*service)->endpoint());
      REQUIRE(client);
      story(self, *client);
    }
    (*service)->stop();
    REQUIRE(group.join(self));
  }));
  (*loop)->run();
}

}  // namespace

TEST_CASE("each path answers what its users know") {
  const struct {
    std::string_view method, target, body, fields;
    std::uint16_t status;
    std::string_view in_body, in_head;
  } cases[] = {
      {"GET", "/get?a=1&b=x%20y&a=2", "", "", 200, R"("args":{"a":["1","2"],"b":"x y"})",
       "Content-Type: application/json"},
      {"POST", "/post", "k=v+w", "Content-Type: application/x-www-form-urlencoded\r\n", 200,
       R"("form":{"k":"v w"})", ""},
      {"PUT", "/put", R"({"n": 7})", "", 200, R"("json":{"n":7})", ""},
      {"PUT", "/put", R"({"n": 7})", "", 200, R"("data":"{\"n\": 7}")", ""},
      {"POST", "/anything/x", "\xFF", "", 200, "data:application/octet-stream;base64,/w==", ""},
      {"GET", "/post", "", "", 405, "/post takes POST", "Allow: POST"},
      {"GET", "/nothing", "", "", 404, "there is no /nothing", ""},
      {"GET", "/headers", "", "x-own: a\r\n", 200, R"("X-Own":"a")", ""},
      {"GET", "/user-agent", "", "User-Agent: me\r\n", 200, R"({"user-agent":"me"})", ""},
      {"GET", "/ip", "", "", 200, R"({"origin":"127.0.0.1"})", ""},
      {"GET", "/cookies", "", "Cookie: a=1; b=2\r\n", 200, R"({"cookies":{"a":"1","b":"2"}})", ""},
      {"GET", "/cookies/set?a=1", "", "", 302, "", "Set-Cookie: a=1; Path=/"},
      {"GET", "/cookies/set/a/b", "", "", 302, "", "Set-Cookie: a=b; Path=/"},
      {"GET", "/cookies/delete?a", "", "", 302, "", "Set-Cookie: a=; Path=/; Max-Age=0"},
      {"GET", "/status/418", "", "", 418, "", ""},
      {"GET", "/status/100", "", "", 400, "a whole number from 200 to 599", ""},
      {"GET", "/status/x", "", "", 400, "a whole number from 200 to 599", ""},
      {"GET", "/redirect/3", "", "", 302, "", "Location: /redirect/2"},
      {"GET", "/redirect/1", "", "", 302, "", "Location: /get"},
      {"GET", "/redirect-to?url=%2Fip&status_code=307", "", "", 307, "", "Location: /ip"},
      {"GET", "/redirect-to", "", "", 400, "?url= is missing", ""},
      {"GET", "/basic-auth/ann/pw", "", "", 401, "", "WWW-Authenticate: Basic realm=\"echo\""},
      {"GET", "/basic-auth/ann/pw", "", "Authorization: Basic YW5uOnB3\r\n", 200,
       R"({"authenticated":true,"user":"ann"})", ""},
      {"GET", "/bearer", "", "Authorization: Bearer t\r\n", 200, R"("token":"t")", ""},
      {"GET", "/bearer", "", "", 401, "", "WWW-Authenticate: Bearer"},
      {"GET", "/digest-auth/auth/a/b", "", "Authorization: Digest response=\"\"\r\n", 401, "",
       "WWW-Authenticate: Digest"},
      {"GET", "/stream/3", "", "", 200, R"("id":2})", ""},
      {"GET", "/stream/-1", "", "", 400, "a whole number", ""},
      {"GET", "/bytes/3", "", "", 200, std::string_view("\0\x83\x06", 3), ""},
      {"GET", "/bytes/99999999", "", "", 400, "to 1048576", ""},
      {"GET", "/base64/aGk=", "", "", 200, "hi", ""},
      {"GET", "/base64/*", "", "", 400, "no Base64", ""},
      {"GET", "/response-headers?X-A=b", "", "", 200, R"({"X-A":"b"})", "X-A: b"},
      {"GET", "/response-headers?X-A=b%0d%0aX-B:c", "", "", 200, "", ""},
      {"GET", "/html", "", "", 200, "<form id=\"order\"", "Content-Type: text/html"},
      {"GET", "/delay/x", "", "", 400, "seconds, as in /delay/0.5", ""},
      {"GET", "/ws", "", "", 426, "this is a WebSocket", "Upgrade: websocket"},
      {"HEAD", "/get", "", "", 200, "", ""},
  };
  with_echo([&](Fiber& self, TestHttpClient& client) {
    for (const auto& one : cases) {
      CAPTURE(one.target);
      const TestReply reply = client.ask(self, one.method, one.target, one.body, one.fields);
      CHECK(reply.status == one.status);
      CHECK_MESSAGE(reply.body.find(one.in_body) != std::string::npos, reply.body);
      CHECK_MESSAGE(reply.head.find(one.in_head) != std::string::npos, reply.head);
    }
  });
}

TEST_CASE("bodies come in every content coding") {
  with_echo([](Fiber& self, TestHttpClient& client) {
    for (const auto& [path, coding] : {std::pair{"/gzip", "gzip"},
                                       {"/deflate", "deflate"},
                                       {"/brotli", "br"},
                                       {"/zstd", "zstd"}}) {
      const TestReply reply = client.ask(self, "GET", path);
      CHECK(reply.head.find(fmt::format("Content-Encoding: {}", coding)) != std::string::npos);
      ContentDecoder decoder;
      std::string plain;
      REQUIRE(decoder.decode(coding, reply.body, plain));
      CHECK(plain.find(fmt::format(R"("coding":"{}")", coding)) != std::string::npos);
    }
  });
}

TEST_CASE("a digest is taken when it is right, and refused when the password is another") {
  with_echo([](Fiber& self, TestHttpClient& client) {
    const TestReply challenge = client.ask(self, "GET", "/digest-auth/auth/ann/pw");
    CHECK(challenge.status == 401);
    const auto at = challenge.head.find("Digest ");
    const std::string words = challenge.head.substr(at, challenge.head.find('\n', at) - at);
    for (const auto& [password, status] : {std::pair{"pw", 200}, {"other", 401}}) {
      const auto field = digest_authorization(words, {.user = "ann",
                                                      .password = password,
                                                      .method = "GET",
                                                      .target = "/digest-auth/auth/ann/pw",
                                                      .chance = "c1"});
      REQUIRE(field);
      CHECK(
          client
              .ask(self, "GET", "/digest-auth/auth/ann/pw", "", "Authorization: " + *field + "\r\n")
              .status == status);
    }
  });
}

TEST_CASE("a delay is kept, and is ten seconds at most") {
  with_echo([](Fiber& self, TestHttpClient& client) {
    const Instant start = self.now();
    CHECK(client.ask(self, "GET", "/delay/0.5").status == 200);
    const Duration half = self.now() - start;
    CHECK(half >= 500ms);
    CHECK(half < 600ms);
    CHECK(client.ask(self, "GET", "/delay/1000").status == 200);
    CHECK(self.now() - start - half < 11s);
  });
}

TEST_CASE("a WebSocket says back what it is told, answers pings, and closes") {
  with_echo([](Fiber& self, TestHttpClient& client) {
    REQUIRE(client.send(self,
                        "GET /ws HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: "
                        "websocket\r\nSec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"));
    std::string frames;
    for (const auto& [opcode, payload] : {std::pair{WebSocketOpcode::text, "hi"},
                                          {WebSocketOpcode::ping, "p"},
                                          {WebSocketOpcode::binary, "\x01"},
                                          {WebSocketOpcode::close,
                                           "\x03\xE8"
                                           "bye"}})
      append_websocket_frame(frames, {.opcode = opcode, .payload = payload, .mask = 7});
    REQUIRE(client.send(self, frames));
    std::string all;
    for (;;) {
      const auto bytes = client.stream().receive(self, self.now() + 1min);
      if (!bytes || bytes->empty()) break;
      all += as_text(*bytes);
    }
    CHECK(all.starts_with("HTTP/1.1 101 "));
    CHECK(all.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") != std::string::npos);
    CHECK(
        all.ends_with("\r\n\r\n\x81\x02hi\x8A\x01p\x82\x01\x01\x88\x05\x03\xE8"
                      "bye"));
  });
}
