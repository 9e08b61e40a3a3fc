#include "client/grpc_client.h"

#include <doctest/doctest.h>

#include "client/grpc_test_server.h"
#include "loop/fiber_group.h"
#include "wire/content_coding.h"

namespace brunt {
namespace {

const GrpcTarget local = {.peer = {.host = "localhost", .port = 80}};

// A server that answers as told, and a client that has connected.
struct GrpcWorld {
  GrpcTestServer::Answer answer;
  HttpTestWorld world = {.serve =
                             [this](Peer& peer) {
                               ++connections;
                               GrpcTestServer(peer).serve(answer, served_max);
                             },
                         .options = {}};
  int served_max = 1'000'000;
  int connections = 0;
  GrpcTarget target = local;
  GrpcLimits limits = {};

  template <typename Client>
  void run(Client client) {
    world.run([&](Fiber& self, HttpContext& context) {
      GrpcChannel channel(context, target, limits);
      const auto connected = channel.connect(self, self.now() + 5s);
      REQUIRE_MESSAGE(connected.has_value(), connected.error().text);
      client(self, channel);
    });
  }
  GrpcReply ask(Fiber& self, GrpcChannel& channel, std::string_view message,
                Duration timeout = 10s) {
    GrpcReply reply;
    REQUIRE(
        channel.invoke(self, {.path = "/a.B/C", .deadline = self.now() + timeout}, message, reply));
    return reply;
  }
};

void echo(GrpcTestCall& call) {
  if (!call.over) return;
  for (const std::string& message : call.messages) call.send(message);
  call.finish(GrpcCode::ok);
}

}  // namespace

TEST_CASE("a unary call brings a message, metadata, trailers and how long it took") {
  GrpcWorld world{.answer = [](GrpcTestCall& call) {
    if (!call.over) return;
    CHECK(call.fields.at(":authority") == "localhost:80");
    CHECK(call.fields.at("content-type") == "application/grpc");
    CHECK(call.fields.at("te") == "trailers");
    CHECK(call.fields.at("grpc-timeout") == "10000000u");
    CHECK(call.fields.at("x-key") == "value");
    CHECK(call.fields.at("x-key-bin") == "AAE");
    call.head({{"x-head", "h"}});
    call.send("re: " + call.messages[0]);
    call.peer.sleep(100ms);
    call.finish(GrpcCode::ok, "", {{"x-trail-bin", "AAE"}});
  }};
  world.run([&](Fiber& self, GrpcChannel& channel) {
    const GrpcMetadata metadata = {{"x-key", "value"}, {"x-key-bin", std::string("\0\1", 2)}};
    GrpcReply reply;
    REQUIRE(channel.invoke(self,
                           {.path = "/a.B/C", .metadata = &metadata, .deadline = self.now() + 10s},
                           "hello", reply));
    CHECK(reply.status.ok());
    CHECK(reply.message == "re: hello");
    CHECK(reply.duration == 120ms);
    CHECK(reply.headers == GrpcMetadata{{"content-type", "application/grpc"}, {"x-head", "h"}});
    CHECK(reply.trailers == GrpcMetadata{{"x-trail-bin", std::string("\0\1", 2)}});
    CHECK(channel.setup_time() == 20ms);
    CHECK(channel.take_bytes().sent > 100);
    CHECK(channel.take_bytes().sent == 0);
  });
}

TEST_CASE("a status comes with trailers, or alone, or is made of what HTTP says") {
  GrpcWorld world{.answer = [](GrpcTestCall& call) {
    if (!call.over) return;
    const std::string& wanted = call.messages[0];
    if (wanted == "trailers") call.finish(GrpcCode::not_found, "no%20such");
    if (wanted == "alone") {
      call.session.respond(call.stream, std::vector<HttpField>{{":status", "200"},
                                                               {"content-type", "application/grpc"},
                                                               {"grpc-status", "7"},
                                                               {"x", "y"}});
      call.session.finish(call.stream);
    }
    if (wanted == "http") {
      call.head({}, "503");
      call.session.write(call.stream, "<html>");
      call.session.finish(call.stream);
    }
    if (wanted == "nothing") {
      call.head();
      call.session.finish(call.stream);
    }
    if (wanted == "reset") call.session.reset(call.stream, http2_enhance_your_calm);
    if (wanted == "empty") call.finish(GrpcCode::ok);
  }};
  world.run([&](Fiber& self, GrpcChannel& channel) {
    GrpcReply reply = world.ask(self, channel, "trailers");
    CHECK(reply.status.code == GrpcCode::not_found);
    CHECK(reply.status.message == "no such");
    reply = world.ask(self, channel, "alone");
    CHECK(reply.status.code == GrpcCode::permission_denied);
    CHECK(reply.headers.empty());
    CHECK(reply.trailers.back() == std::pair<std::string, std::string>("x", "y"));
    CHECK(world.ask(self, channel, "http").status.code == GrpcCode::unavailable);
    CHECK(world.ask(self, channel, "nothing").status.code == GrpcCode::internal);
    CHECK(world.ask(self, channel, "reset").status.code == GrpcCode::resource_exhausted);
    CHECK(world.ask(self, channel, "empty").status.code == GrpcCode::internal);
    CHECK(world.connections == 1);
  });
}

TEST_CASE("a call that takes too long ends with its deadline, and the connection goes on") {
  GrpcWorld world{.answer = [](GrpcTestCall& call) {
    if (call.over && call.messages[0] == "quick") echo(call);
  }};
  world.run([&](Fiber& self, GrpcChannel& channel) {
    const GrpcReply late = world.ask(self, channel, "slow", 300ms);
    CHECK(late.status.code == GrpcCode::deadline_exceeded);
    CHECK(late.duration == 300ms);
    CHECK(world.ask(self, channel, "quick").message == "quick");
    CHECK(world.connections == 1);
  });
}

TEST_CASE("calls at once share the connection") {
  GrpcWorld world{.answer = [](GrpcTestCall& call) {
    if (call.over && call.messages[0] == "b") echo(call);
    if (call.over && call.messages[0] == "a") call.finish(GrpcCode::aborted);
  }};
  world.run([&](Fiber& self, GrpcChannel& channel) {
    FiberGroup group(self.loop());
    for (const char* message : {"a", "b", "b"})
      REQUIRE(group.spawn("call", [&, message](Fiber& fiber) {
        const GrpcReply reply = world.ask(fiber, channel, message);
        CHECK(reply.status.ok() == (std::string_view(message) == "b"));
      }));
    REQUIRE(group.join(self));
    CHECK(world.connections == 1);
  });
}

TEST_CASE("messages beyond the limits end their call") {
  GrpcWorld world{.answer = echo, .limits = {.received_bytes_max = 100, .sent_bytes_max = 1000}};
  world.run([&](Fiber& self, GrpcChannel& channel) {
    CHECK(world.ask(self, channel, std::string(100, 'x')).status.ok());
    GrpcReply reply = world.ask(self, channel, std::string(101, 'x'));
    CHECK(reply.status.code == GrpcCode::resource_exhausted);
    CHECK(reply.status.message.contains("(101 vs. 100)"));
    reply = world.ask(self, channel, std::string(1001, 'x'));
    CHECK(reply.status.message.contains("(1001 vs. 1000)"));
    CHECK(world.ask(self, channel, "small").status.ok());
  });
}

TEST_CASE("a message beyond every window passes both ways") {
  GrpcWorld world{.answer = echo};
  world.run([&](Fiber& self, GrpcChannel& channel) {
    const std::string big(3u << 20u, 'x');
    CHECK(world.ask(self, channel, big).message == big);
  });
}

TEST_CASE("a compressed message is unpacked") {
  GrpcWorld world{.answer = [](GrpcTestCall& call) {
    if (!call.over) return;
    call.head({{"grpc-encoding", "gzip"}});
    std::string bytes;
    append_grpc_message(bytes, encode_content(ContentCoding::gzip, "packed").value());
    bytes[0] = 1;
    call.session.write(call.stream, bytes);
    call.finish(GrpcCode::ok);
  }};
  world.run([&](Fiber& self, GrpcChannel& channel) {
    CHECK(world.ask(self, channel, "").message == "packed");
  });
}

TEST_CASE("a stream carries messages both ways, and ends with what the server says") {
  GrpcWorld world{.answer = [](GrpcTestCall& call) {
    if (call.over)
      call.finish(GrpcCode::out_of_range, "enough");
    else
      call.send("re: " + call.messages.back());
  }};
  world.run([&](Fiber& self, GrpcChannel& channel) {
    GrpcStream stream(channel);
    REQUIRE(stream.open(self, {.path = "/a.B/Talk"}));
    std::string message;
    for (const char* text : {"one", "two"}) {
      CHECK(stream.send(text));
      REQUIRE(stream.flush(self));
      CHECK(stream.receive(self, message).value());
      CHECK(message == std::string("re: ") + text);
    }
    stream.finish();
    REQUIRE(stream.flush(self));
    CHECK_FALSE(stream.receive(self, message).value());
    CHECK(stream.reply().status.code == GrpcCode::out_of_range);
    CHECK_FALSE(stream.send("late"));
  });
}

TEST_CASE("who does not receive is not sent more than the window") {
  std::size_t sent = 0;
  GrpcWorld world{.answer = [&](GrpcTestCall& call) {
    for (; sent < 40; ++sent) call.send(std::string(100'000, 'x'));
    call.finish(GrpcCode::ok);
  }};
  world.run([&](Fiber& self, GrpcChannel& channel) {
    GrpcStream stream(channel);
    REQUIRE(stream.open(self, {.path = "/a.B/Watch"}));
    CHECK(stream.send("go"));
    REQUIRE(stream.flush(self));
    REQUIRE(self.sleep(2s));
    CHECK(channel.take_bytes().received < 1'200'000);
    std::string message;
    int count = 0;
    while (stream.receive(self, message).value()) ++count;
    CHECK(count == 40);
    CHECK(stream.reply().status.ok());
  });
}

TEST_CASE("a connection that the server closed is made anew by the next call") {
  GrpcWorld world{.answer = echo, .served_max = 1};
  world.run([&](Fiber& self, GrpcChannel& channel) {
    CHECK(world.ask(self, channel, "a").message == "a");
    REQUIRE(self.sleep(1s));
    CHECK(world.ask(self, channel, "b").message == "b");
    CHECK(world.connections == 2);
  });
}

TEST_CASE("a connection that breaks under a call is unavailable") {
  GrpcWorld world;
  world.world.serve = [](Peer& peer) { GrpcTestServer(peer).serve([](GrpcTestCall&) {}, 1); };
  world.run([&](Fiber& self, GrpcChannel& channel) {
    const GrpcReply reply = world.ask(self, channel, "a");
    CHECK(reply.status.code == GrpcCode::unavailable);
    CHECK(reply.status.message.contains("closed the connection"));
  });
}

TEST_CASE("what is no gRPC server is told apart when the connection is made") {
  HttpTestWorld world{.serve =
                          [](Peer& peer) {
                            (void)peer.some();
                            (void)peer.send("HTTP/1.1 400 Bad Request\r\n\r\n");
                            peer.hang();
                          },
                      .options = {}};
  world.run([&](Fiber& self, HttpContext& context) {
    GrpcChannel channel(context, local, {});
    const auto connected = channel.connect(self, self.now() + 5s);
    REQUIRE_FALSE(connected.has_value());
    CHECK(connected.error().text.starts_with("no HTTP/2 came from the server"));
    GrpcChannel nobody(context, {.peer = {.host = "localhost", .port = 9}}, {});
    CHECK(nobody.connect(self, self.now() + 5s).error().code == ErrorCode::refused);
    GrpcReply reply;
    REQUIRE(nobody.invoke(self, {.path = "/a.B/C"}, "", reply));
    CHECK(reply.status.code == GrpcCode::unavailable);
  });
}

TEST_CASE("over TLS HTTP2 is agreed on first") {
  GrpcWorld world{.answer = echo};
  world.world.certificate_name = "localhost";
  world.world.run([&](Fiber& self, HttpContext& context) {
    GrpcChannel channel(context, {.peer = {.host = "localhost", .port = 443}, .tls = context.tls},
                        {});
    const auto connected = channel.connect(self, self.now() + 5s);
    REQUIRE_MESSAGE(connected.has_value(), connected.error().text);
    CHECK(world.ask(self, channel, "secret").message == "secret");
  });
}

}  // namespace brunt
