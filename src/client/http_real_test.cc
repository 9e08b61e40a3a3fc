// The same client over real sockets, on each backend that this machine has.
#include <doctest/doctest.h>

#include "client/http_test_world.h"

using namespace brunt;

namespace {

void serve_two(Fiber& self, Listener& listener) {
  auto stream = listener.accept(self, self.now() + 10s);
  REQUIRE(stream.has_value());
  Peer peer(self, **stream, 0);
  const std::string body(300'000, 'b');
  REQUIRE(!peer.request().empty());
  REQUIRE(peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"));
  REQUIRE(!peer.request().empty());
  REQUIRE(peer.send("HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + body));
}

void ask_three(Fiber& self, Loop& loop, const Endpoint& at) {
  Resolver resolver(loop, {});
  const AllowList allow;
  Dialer dialer(loop, resolver, allow, {});
  HttpContext context{.loop = loop, .dialer = dialer};
  const HttpSessionOptions options;
  HttpSession session(context, options);
  HttpReply reply;
  const Url url = url_of("http://" + at.text() + "/");
  REQUIRE(session.send(self, {.url = url}, {.deadline = self.now() + 10s}, reply));
  REQUIRE(reply.ok());
  CHECK(reply.body() == "hello");
  CHECK(reply.timings.connecting > 0ns);
  CHECK(reply.timings.blocked >= reply.timings.connecting);
  CHECK(reply.timings.waiting >= 0ns);
  CHECK(reply.timings.ended() <= loop.precise_now());
  REQUIRE(session.send(self, {.url = url}, {.deadline = self.now() + 10s}, reply));
  REQUIRE(reply.ok());
  CHECK(reply.connection_reused);
  CHECK(reply.body().size() == 300'000);
  CHECK(reply.timings.blocked == 0ns);
  CHECK(reply.timings.receiving >= 0ns);
  CHECK(reply.bytes_received > 300'000);
  // The server has gone, and so has its listener's only connection.
  REQUIRE(self.sleep(10ms));
  REQUIRE(session.send(self, {.url = url}, {.deadline = self.now() + 200ms}, reply));
  CHECK(!reply.ok());
  CHECK(!reply.connection_reused);
}

}  // namespace

TEST_CASE("over real sockets a connection is used, reused, and found dead") {
  for (const BackendKind kind : {BackendKind::epoll, BackendKind::io_uring}) {
    CAPTURE(name_of(kind));
    auto loop = Loop::create({.backend = kind});
    if (!loop) continue;
    auto listener = (*loop)->listen({.at = Endpoint::loopback(0)});
    REQUIRE(listener.has_value());
    REQUIRE((*loop)->spawn("server", [&](Fiber& self) { serve_two(self, **listener); }));
    const Endpoint at = (*listener)->local();
    REQUIRE((*loop)->spawn("client", [&](Fiber& self) { ask_three(self, **loop, at); }));
    (*loop)->run();
  }
}
