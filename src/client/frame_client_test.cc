// One message after the other over one connection, and every way in which an ACK can be missing or
// wrong. On a simulated network, so that every duration is exact: 10 ms each way.
#include "client/frame_client.h"

#include <doctest/doctest.h>

#include <vector>

#include "client/http_test_world.h"

using namespace brunt;

namespace {

const FrameClientOptions our_options{.target = {"localhost", 80}, .layout = {}};

std::string ack(std::uint64_t client_id, std::uint64_t message_id) {
  std::string out;
  REQUIRE(append_frame_ack(out, FrameLayout::brunt(),
                           {.client_id = client_id, .message_id = message_id}));
  return out;
}

struct Told {
  std::string message, detail;
  std::uint16_t code = 0;
  bool still_connected = false;
  Duration duration{};
};

// Message 5 of client 7, to a server that reads it and then does as told.
Told ask(const std::function<void(Peer&)>& answer) {
  Told told;
  const HttpTestWorld world{.serve =
                                [&](Peer& peer) {
                                  peer.bytes(15);
                                  answer(peer);
                                },
                            .options = {}};
  world.run([&](Fiber& self, HttpContext& context) {
    FrameClient client(context.loop, context.dialer, our_options);
    FrameReply reply;
    std::string scratch;
    REQUIRE(client.send(self, {.client_id = 7, .message_id = 5, .payload = as_bytes("hello")},
                        scratch, reply, self.now() + 2s));
    if (reply.failure)
      told = {std::string(reply.failure->message), reply.failure->detail, reply.failure->code,
              client.is_connected(), reply.duration};
  });
  return told;
}

}  // namespace

TEST_CASE("messages go over one connection and each takes its round trip") {
  std::vector<std::string> seen;
  const HttpTestWorld world{.serve =
                                [&](Peer& peer) {
                                  for (std::uint64_t id = 1; id <= 3; ++id) {
                                    seen.push_back(peer.bytes(12));
                                    peer.sleep(5ms);
                                    peer.send(ack(7, id));
                                  }
                                },
                            .options = {}};
  world.run([](Fiber& self, HttpContext& context) {
    FrameClient client(context.loop, context.dialer, our_options);
    std::string scratch;
    for (std::uint64_t id = 1; id <= 3; ++id) {
      FrameReply reply;
      REQUIRE(client.send(self, {.client_id = 7, .message_id = id, .payload = as_bytes("hi")},
                          scratch, reply, far_future));
      CHECK(reply.ok());
      CHECK(reply.duration == 25ms);
      CHECK(reply.connected == (id == 1));
      CHECK(reply.setup == (id == 1 ? 20ms : 0ms));
      CHECK(reply.blocked == reply.setup);
      CHECK(reply.bytes_sent == 12);
      CHECK(reply.bytes_received == 8);
    }
  });
  REQUIRE(seen.size() == 3);
  CHECK(seen[2] == std::string("\0\0\0\7\0\0\0\3\0\2hi", 12));
}

TEST_CASE("an ACK in two halves is one ACK") {
  const Told told = ask([](Peer& peer) {
    peer.send(ack(7, 5).substr(0, 3));
    peer.sleep(50ms);
    peer.send(ack(7, 5).substr(3));
    peer.hang();
  });
  CHECK(told.message == "");
}

TEST_CASE("an ACK for another client or message is a failure that names the ids") {
  const auto answered = [](std::uint64_t client, std::uint64_t message) {
    return ask([=](Peer& peer) {
      peer.send(ack(client, message));
      peer.hang();
    });
  };
  const Told other = answered(8, 5);
  CHECK(other.message == "wrong ACK: another client");
  CHECK(other.detail ==
        "wrong ACK: another client: it is for client 8, message 5; sent was client 7, message 5");
  CHECK(other.code == 1000);
  CHECK(!other.still_connected);
  CHECK(other.duration == 20ms);
  CHECK(answered(7, 4).message == "wrong ACK: an earlier message");
  CHECK(answered(7, 6).message == "wrong ACK: a later message");
}

TEST_CASE("bytes that nobody asked for behind an ACK are a failure") {
  CHECK(ask([](Peer& peer) {
          peer.send(ack(7, 5) + ack(7, 6));
          peer.hang();
        }).message == "bytes behind the ACK");
}

TEST_CASE("a server that closes or half-closes instead of acknowledging is told apart") {
  CHECK(ask([](Peer&) {}).message == "closed before the ACK");
  CHECK(ask([](Peer& peer) { peer.send(ack(7, 5).substr(0, 3)); }).message ==
        "closed within the ACK");
  const Told half = ask([](Peer& peer) {
    peer.finish();
    peer.hang();
  });
  CHECK(half.message == "closed before the ACK");
  CHECK(!half.still_connected);
}

TEST_CASE("no ACK within the time is a time-out and the connection is not used again") {
  const Told told = ask([](Peer& peer) { peer.hang(); });
  CHECK(told.message == "request timeout");
  CHECK(told.code == 1050);
  CHECK(told.duration == 2s - 20ms);
  CHECK(!told.still_connected);
}

TEST_CASE("after a failure the next message makes a new connection") {
  const HttpTestWorld world{.serve =
                                [](Peer& peer) {
                                  peer.bytes(12);
                                  if (peer.number == 0) return;
                                  peer.send(ack(7, 2));
                                  peer.hang();
                                },
                            .options = {}};
  world.run([](Fiber& self, HttpContext& context) {
    FrameClient client(context.loop, context.dialer, our_options);
    std::string scratch;
    FrameReply reply;
    const auto send = [&](std::uint64_t id) {
      REQUIRE(client.send(self, {.client_id = 7, .message_id = id, .payload = as_bytes("hi")},
                          scratch, reply, far_future));
    };
    send(1);
    CHECK(!reply.ok());
    send(2);
    CHECK(reply.ok());
    CHECK(reply.connected);
  });
}

TEST_CASE("a connection that the server closed while idle is made anew without a failure") {
  const HttpTestWorld world{.serve =
                                [](Peer& peer) {
                                  peer.bytes(12);
                                  peer.send(ack(7, peer.number == 0 ? 1 : 2));
                                  if (peer.number == 1) peer.hang();
                                },
                            .options = {}};
  world.run([](Fiber& self, HttpContext& context) {
    FrameClient client(context.loop, context.dialer, our_options);
    std::string scratch;
    for (std::uint64_t id = 1; id <= 2; ++id) {
      FrameReply reply;
      REQUIRE(client.send(self, {.client_id = 7, .message_id = id, .payload = as_bytes("hi")},
                          scratch, reply, far_future));
      CHECK(reply.ok());
      CHECK(reply.connected);
      REQUIRE(self.sleep(1s));
    }
  });
}

TEST_CASE("nobody listening is an outcome with no time of sending") {
  const HttpTestWorld world{.serve = [](Peer&) {}, .options = {}};
  const FrameClientOptions options{.target = {"localhost", 81}, .layout = {}};
  world.run([&](Fiber& self, HttpContext& context) {
    FrameClient client(context.loop, context.dialer, options);
    FrameReply reply;
    std::string scratch;
    REQUIRE(client.send(self, {.client_id = 7, .message_id = 1, .payload = as_bytes("hi")}, scratch,
                        reply, far_future));
    REQUIRE(!reply.ok());
    CHECK(reply.failure->message == "dial: connection refused");
    CHECK(!reply.sent);
    CHECK(reply.duration == 0ms);
  });
}

TEST_CASE("a message that does not fit its layout is never sent") {
  const HttpTestWorld world{.serve = [](Peer&) {}, .options = {}};
  world.run([&](Fiber& self, HttpContext& context) {
    FrameClient client(context.loop, context.dialer, our_options);
    FrameReply reply;
    std::string scratch;
    for (const std::string& payload : {std::string(), std::string(257, 'x')}) {
      const auto done =
          client.send(self, {.client_id = 7, .message_id = 1, .payload = as_bytes(payload)},
                      scratch, reply, far_future);
      REQUIRE(!done);
      CHECK(done.error().code == ErrorCode::invalid);
      CHECK(!client.is_connected());
    }
  });
}
