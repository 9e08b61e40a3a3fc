// HTTP/2 as scripts speak it: an HttpSession with HttpVersions::http1_and_2 against a server that
// chooses h2.
#include <doctest/doctest.h>

#include "client/http2_test_server.h"

using namespace brunt;

namespace {

// https://localhost/ on a simulated network of 20 ms there and back.
HttpTestWorld world_of(HttpTestWorld::Serve serve) {
  HttpTestWorld world{.serve = std::move(serve), .certificate_name = "localhost"};
  world.options.client.versions = HttpVersions::http1_and_2;
  return world;
}

HttpTestWorld world_of(Http2TestServer::Answer answer) {
  return world_of([answer](Peer& peer) { Http2TestServer(peer).serve(answer); });
}

HttpReply get(Fiber& self, HttpSession& session, std::string_view url) {
  const Url parsed = url_of(url);
  HttpReply reply;
  REQUIRE(session.send(self, {.url = parsed}, {.deadline = self.now() + 60s}, reply).has_value());
  return reply;
}

}  // namespace

TEST_CASE("a server that chooses h2 is spoken to in it") {
  const auto world = world_of([](Http2TestCall& call) {
    CHECK(call.field(":method") == "GET");
    CHECK(call.field(":scheme") == "https");
    CHECK(call.field(":authority") == "localhost");
    CHECK(call.field("user-agent") == "brunt");
    CHECK(call.field("host").empty());
    call.answer("200", "hello " + call.path(), {{"content-type", "text/plain"}});
  });
  world.run([&](Fiber& self, HttpContext& context) {
    HttpSession session(context, world.options);
    const HttpReply first = get(self, session, "https://localhost/a?b");
    CHECK(first.status() == 200);
    CHECK(first.message().version() == "HTTP/2.0");
    CHECK(first.message().reason() == "OK");
    CHECK(first.fields().find("Content-Type") == "text/plain");
    CHECK(first.body() == "hello /a?b");
    CHECK(first.timings.connecting == 20ms);
    CHECK(first.timings.tls_handshaking == 20ms);
    CHECK(first.timings.blocked == 40ms);
    CHECK(first.timings.sending == 0ms);
    CHECK(first.timings.waiting == 20ms);
    CHECK(first.timings.receiving == 0ms);
    CHECK(first.tls_version == "TLSv1.3");
    CHECK(first.bytes_sent > 300);
    CHECK(first.remote.port() == 443);
    CHECK(!first.connection_reused);
    const HttpReply second = get(self, session, "https://localhost/b");
    CHECK(second.body() == "hello /b");
    CHECK(second.connection_reused);
    CHECK(second.timings.blocked == 0ms);
    CHECK(second.timings.waiting == 20ms);
    CHECK(session.client().connections() == 1);
  });
}

TEST_CASE("who does not offer h2 gets the older version from a server that knows both") {
  auto world = world_of([](Peer& peer) {
    while (!peer.request().empty()) peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  world.options.client.versions = HttpVersions::http1;
  world.run([&](Fiber& self, HttpContext& context) {
    HttpSession session(context, world.options);
    CHECK(get(self, session, "https://localhost/").message().version() == "HTTP/1.1");
  });
}

TEST_CASE("requests at once share one connection, also those that ask while it is made") {
  int connections = 0;
  const auto world = world_of([&](Peer& peer) {
    ++connections;
    Http2TestServer(peer).serve([](Http2TestCall& call) { call.answer("200", call.path()); });
  });
  world.run([&](Fiber& self, HttpContext& context) {
    HttpSession session(context, world.options);
    int left = 5;
    for (int i = 0; i < 5; ++i)
      REQUIRE(context.loop
                  .spawn("one",
                         [&, i](Fiber& own) {
                           const HttpReply reply =
                               get(own, session, fmt::format("https://localhost/{}", i));
                           CHECK(reply.body() == fmt::format("/{}", i));
                           CHECK(reply.timings.blocked == 40ms);
                           CHECK(reply.timings.waiting == 20ms);
                           CHECK(reply.connection_reused == (i > 0));
                           if (--left == 0) self.wake();
                         })
                  .has_value());
    while (left > 0) REQUIRE(self.park(far_future, "all").has_value());
    CHECK(connections == 1);
    CHECK(session.client().connections() == 1);
  });
}
