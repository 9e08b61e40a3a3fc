#include "client/redis_client.h"

#include <doctest/doctest.h>

#include <array>
#include <functional>

#include "client/http_test_world.h"

namespace brunt {
namespace {

const RedisTarget plain{.peer = {"localhost", 80}, .user = {}, .password = {}};

// What comes of `count` commands to a server that does as told.
RedisReply redis_asked(const RedisTarget& target, const std::function<void(Peer&)>& serve,
                       std::uint32_t count = 1) {
  RedisReply reply;
  const HttpTestWorld world{.serve = serve, .options = {}};
  world.run([&](Fiber& self, HttpContext& context) {
    RedisClient client(context.loop, context.dialer, target);
    std::string bytes;
    for (std::uint32_t i = 0; i < count; ++i)
      append_resp_command(bytes, std::array<std::string_view, 1>{"PING"});
    REQUIRE(client.send(self, {.bytes = bytes, .count = count}, reply, self.now() + 2s));
  });
  return reply;
}

TEST_CASE("a command is answered over a connection that is kept") {
  const HttpTestWorld world{.serve =
                                [](Peer& peer) {
                                  for (int i = 0; i < 2; ++i) {
                                    CHECK(peer.bytes(14) == "*1\r\n$4\r\nPING\r\n");
                                    peer.sleep(5ms);
                                    peer.send("+PONG\r\n");
                                  }
                                },
                            .options = {}};
  world.run([](Fiber& self, HttpContext& context) {
    RedisClient client(context.loop, context.dialer, plain);
    for (const bool is_first : {true, false}) {
      RedisReply reply;
      REQUIRE(client.send(self, {.bytes = "*1\r\n$4\r\nPING\r\n", .count = 1}, reply, far_future));
      CHECK(reply.ok());
      CHECK(reply.body == "PONG");
      CHECK(reply.duration == 25ms);
      CHECK(reply.connected == is_first);
      CHECK(reply.setup == (is_first ? 20ms : 0ms));
      CHECK(reply.bytes_sent == 14);
      CHECK(reply.bytes_received == 7);
    }
  });
}

TEST_CASE("the commands of one request go out together and their replies are a list") {
  const RedisReply reply = redis_asked(
      plain,
      [](Peer& peer) {
        peer.bytes(28);
        peer.send(":1\r\n$2\r\nh");
        peer.sleep(10ms);
        peer.send("i\r\n");
      },
      2);
  CHECK(reply.ok());
  CHECK(reply.body == "[1,\"hi\"]");
}

TEST_CASE("the connection logs in, chooses its database and says its name before all commands") {
  RedisTarget target = plain;
  target.user = "ann";
  target.password = "secret";
  target.database = 3;
  target.client_name = "load";
  const RedisReply reply = redis_asked(target, [](Peer& peer) {
    const std::string greeting =
        "*3\r\n$4\r\nAUTH\r\n$3\r\nann\r\n$6\r\nsecret\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n"
        "*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$4\r\nload\r\n";
    CHECK(peer.bytes(greeting.size()) == greeting);
    peer.send("+OK\r\n+OK\r\n+OK\r\n");
    peer.bytes(14);
    peer.send("+PONG\r\n");
  });
  CHECK(reply.ok());
  CHECK(reply.body == "PONG");
  CHECK(reply.setup == 40ms);  // Connecting and logging in, a round trip each.
  CHECK(reply.duration == 20ms);
}

TEST_CASE("a connection whose password is refused is a failure before anything is asked") {
  RedisTarget target = plain;
  target.password = "wrong";
  const RedisReply reply = redis_asked(target, [](Peer& peer) {
    peer.bytes(25);
    peer.send("-WRONGPASS invalid username-password pair\r\n");
    peer.hang();
  });
  REQUIRE_FALSE(reply.ok());
  CHECK(reply.failure->message == "redis: the connection was refused");
  CHECK(reply.failure->detail.contains("WRONGPASS"));
  CHECK_FALSE(reply.sent);
}

TEST_CASE("an error reply is a failure with its first word, and the connection lives on") {
  const RedisReply reply = redis_asked(plain, [](Peer& peer) {
    peer.bytes(14);
    peer.send("-WRONGTYPE Operation against a key\r\n");
  });
  REQUIRE_FALSE(reply.ok());
  CHECK(reply.failure->message == "redis: WRONGTYPE");
  CHECK(reply.failure->detail == "WRONGTYPE Operation against a key");
  CHECK(reply.body == "WRONGTYPE Operation against a key");
  CHECK(reply.sent);
  CHECK(redis_asked(plain, [](Peer& peer) {
          peer.bytes(14);
          peer.send("-MYOWN words\r\n");
        }).failure->message == "redis: error");
}

TEST_CASE("a server that closes, talks nonsense, too much, or not at all is told apart") {
  const auto message = [](const std::function<void(Peer&)>& answer) {
    return redis_asked(plain,
                       [&](Peer& peer) {
                         peer.bytes(14);
                         answer(peer);
                       })
        .failure->message;
  };
  CHECK(message([](Peer&) {}) == "closed before the reply");
  CHECK(message([](Peer& peer) { peer.send("$5\r\nab"); }) == "closed within the reply");
  CHECK(message([](Peer& peer) { peer.send("HTTP/1.1 400\r\n"); }) == "redis: malformed reply");
  CHECK(message([](Peer& peer) { peer.send("+OK\r\n+OK\r\n"); }) == "redis: malformed reply");
  CHECK(message([](Peer& peer) { peer.hang(); }) == "request timeout");
}

TEST_CASE("a target is a URL, or an address, with what it leaves out filled in") {
  const auto whole = parse_redis_target("redis://ann:s%40y@[::1]:7000/5?protocol=3");
  REQUIRE(whole.has_value());
  CHECK(whole->peer.host == "::1");
  CHECK(whole->peer.port == 7000);
  CHECK(whole->user == "ann");
  CHECK(whole->password == "s@y");
  CHECK(whole->database == 5);
  CHECK(whole->protocol == 3);
  CHECK(parse_redis_target("redis://localhost")->peer.port == 6379);
  CHECK(parse_redis_target("127.0.0.1:7001")->peer.port == 7001);
  CHECK(parse_redis_target("redis://:pw@localhost")->password == "pw");
  for (const char* wrong :
       {"http://localhost:80", "redis://", "redis://h/x", "redis://h?a=1", "h:99999"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_redis_target(wrong).has_value());
  }
}

}  // namespace
}  // namespace brunt
