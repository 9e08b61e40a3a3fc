// An HTTP server on the simulated network: what it answers to the good, the bad, and the slow.
#include "server/http_server.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <new>
#include <stdexcept>

#include "loop/fiber_group.h"
#include "net/certificate.h"
#include "server/http_client_for_tests.h"
#include "server/loop_threads.h"

using namespace std::chrono_literals;
using namespace brunt;

namespace {

// Counts what this thread allocates, for the test that says a warm request allocates nothing.
thread_local std::size_t allocations = 0;

}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace {

// Echoes method, path, query, and body; some paths do something of their own.
void echo(Fiber& self, const HttpRequestView& request, HttpResponseWriter& response) {
  const std::string_view path = request.path();
  if (path == "/slow") static_cast<void>(self.sleep(2s));
  if (path == "/throw") throw std::runtime_error("out of luck");
  if (path == "/empty") return response.set_status(204);
  if (path == "/large") return response.body().assign(100'000, 'x'), void();
  if (path == "/stream") {
    for (const char* part : {"one ", "two ", "three"})
      if (!response.send_chunk(self, part)) return;
    return;
  }
  if (path == "/field") {
    response.add_field("X-Good", "yes");
    response.add_field("X-Bad", "no\r\nX-Smuggled: yes");
  }
  response.set_content_type("text/plain");
  response.body() +=
      fmt::format("{} {} [{}] {}", request.method(), path, request.query(), request.body());
}

using Story = std::function<void(Fiber&, HttpServer&)>;

// A server that serves while the story runs, and is stopped at its end.
void with_server(const HttpServerOptions& options, const Story& story,
                 BackendKind backend = BackendKind::simulated) {
  auto loop = Loop::create({.backend = backend});
  REQUIRE(loop);
  auto server = HttpServer::listen(**loop, options, echo);
  REQUIRE_MESSAGE(server.has_value(), server.error().text);
  REQUIRE((*loop)->spawn("serve", [&](Fiber& self) { (*server)->serve(self); }));
  REQUIRE((*loop)->spawn("story", [&](Fiber& self) {
    story(self, **server);
    (*server)->stop(1s);
  }));
  (*loop)->run();
  CHECK((*server)->stats().connections_open.get() == 0);
}

TestHttpClient connect(Fiber& self, HttpServer& server) {
  auto client = TestHttpClient::connect(self, server.endpoint());
  REQUIRE_MESSAGE(client.has_value(), client.error().text);
  return std::move(*client);
}

}  // namespace

TEST_CASE("a connection serves one request after the other, on every backend") {
  for (const BackendKind backend : {BackendKind::simulated, BackendKind::epoll})
    with_server(
        {},
        [](Fiber& self, HttpServer& server) {
          TestHttpClient client = connect(self, server);
          for (int i = 0; i < 3; ++i) {
            const TestReply reply = client.ask(self, "POST", "/a?x=1", "body");
            CHECK(reply.status == 200);
            CHECK(reply.body == "POST /a [x=1] body");
            CHECK(reply.keep_alive);
            CHECK(reply.head.find("Date: ") != reply.head.npos);
          }
          CHECK(server.stats().connections_accepted.get() == 1);
          CHECK(server.stats().requests.get() == 3);
        },
        backend);
}

TEST_CASE("pipelined requests are answered in their order") {
  with_server({}, [](Fiber& self, HttpServer& server) {
    TestHttpClient client = connect(self, server);
    CHECK(client
              .raw(self,
                   "GET /1 HTTP/1.1\r\nHost: t\r\n\r\nPOST /2 HTTP/1.1\r\nHost: t\r\n"
                   "Content-Length: 2\r\n\r\nhiGET /3 HTTP/1.1\r\nHost: t\r\n\r\n")
              .body == "GET /1 [] ");
    CHECK(client.receive(self).body == "POST /2 [] hi");
    CHECK(client.receive(self).body == "GET /3 [] ");
  });
}

TEST_CASE("a request may come byte by byte, or in chunks") {
  with_server({}, [](Fiber& self, HttpServer& server) {
    TestHttpClient client = connect(self, server);
    const std::string_view request =
        "POST /a HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    for (const char& byte : request) {
      REQUIRE(client.send(self, {&byte, 1}));
      REQUIRE(self.sleep(1ms));
    }
    CHECK(client.receive(self).body == "POST /a [] abc");
  });
}

TEST_CASE("what breaks the protocol or a limit is refused with a reason, and closed") {
  struct Row {
    std::string name;
    std::string request;
    std::uint16_t status;
  };
  const Row rows[] = {
      {"no HTTP", "HELLO\r\n\r\n", 400},
      {"no host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      {"negative length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400},
      {"two framings",
       "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
       400},
      {"overflowing chunk",
       "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
       400},
      {"bare line feeds", "GET / HTTP/1.1\nHost: a\n\n", 400},
      {"large header",
       "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(1'000'000, 'x') + "\r\n\r\n", 431},
      {"long start line", "GET /" + std::string(70'000, 'x') + " HTTP/1.1\r\n\r\n", 431},
      {"announced body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n", 413},
      {"chunked body",
       "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n100001\r\n" +
           std::string(0x100001, 'x') + "\r\n0\r\n\r\n",
       413},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    with_server({}, [&](Fiber& self, HttpServer& server) {
      TestHttpClient client = connect(self, server);
      const TestReply reply = client.raw(self, row.request);
      CAPTURE(reply.body);
      CHECK(reply.status == row.status);
      CHECK(reply.body.starts_with(R"({"error":")"));
      CHECK_FALSE(reply.keep_alive);
      CHECK(client.closed(self));
      CHECK(server.stats().requests.get() == 0);
    });
  }
}

TEST_CASE("a body at the limit is taken") {
  with_server({}, [](Fiber& self, HttpServer& server) {
    TestHttpClient client = connect(self, server);
    CHECK(client.ask(self, "POST", "/a", std::string(1u << 20u, 'x')).status == 200);
  });
}

TEST_CASE("a request that does not end in time gets 408, an idle connection is closed silently") {
  with_server({}, [](Fiber& self, HttpServer& server) {
    TestHttpClient slow = connect(self, server);
    const Instant started = self.now();
    CHECK(slow.raw(self, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab").status ==
          408);
    CHECK(self.now() - started >= HttpServerLimits().request_timeout);
    CHECK(slow.closed(self));
    CHECK(server.stats().timeout_408.get() == 1);
  });
  HttpServerOptions options;
  options.limits.idle_timeout = 10s;
  with_server(options, [](Fiber& self, HttpServer& server) {
    TestHttpClient idle = connect(self, server);
    CHECK(idle.ask(self, "GET", "/").status == 200);
    CHECK(idle.closed(self));
  });
}

TEST_CASE("who waits for 100 Continue is told to go on") {
  with_server({}, [](Fiber& self, HttpServer& server) {
    TestHttpClient client = connect(self, server);
    REQUIRE(client.send(
        self, "POST /a HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"));
    const auto interim = client.stream().receive(self, self.now() + 1s);
    REQUIRE(interim);
    CHECK(as_text(*interim) == "HTTP/1.1 100 Continue\r\n\r\n");
    CHECK(client.raw(self, "hi").body == "POST /a [] hi");
  });
}

TEST_CASE("HEAD and 204 have no body, the older HTTP closes unless it asks to stay") {
  with_server({}, [](Fiber& self, HttpServer& server) {
    TestHttpClient client = connect(self, server);
    const TestReply head = client.ask(self, "HEAD", "/a");
    CHECK(head.status == 200);
    CHECK(head.body.empty());
    CHECK(head.head.find("Content-Length: 11") != head.head.npos);
    CHECK(client.ask(self, "GET", "/empty").status == 204);
    CHECK(client.ask(self, "GET", "/large").body.size() == 100'000);
    const TestReply kept = client.raw(self, "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    CHECK(kept.status == 200);
    CHECK(kept.keep_alive);
    CHECK_FALSE(client.raw(self, "GET /a HTTP/1.0\r\n\r\n").keep_alive);
    CHECK(client.closed(self));
  });
}

TEST_CASE("a response may be sent piece by piece") {
  with_server({}, [](Fiber& self, HttpServer& server) {
    TestHttpClient client = connect(self, server);
    CHECK(client.ask(self, "GET", "/stream").body == "one two three");
    CHECK(client.ask(self, "GET", "/a").status == 200);
    CHECK(client.raw(self, "GET /stream HTTP/1.0\r\n\r\n").body == "one two three");
  });
}

TEST_CASE("a handler that throws is a 500, and a field cannot smuggle a line") {
  with_server({}, [](Fiber& self, HttpServer& server) {
    TestHttpClient client = connect(self, server);
    const TestReply reply = client.ask(self, "GET", "/throw");
    CHECK(reply.status == 500);
    CHECK(reply.body == R"({"error":"the handler failed: out of luck"})");
    const TestReply fields = client.ask(self, "GET", "/field");
    CHECK(fields.head.find("X-Good: yes") != fields.head.npos);
    CHECK(fields.head.find("X-Smuggled") == fields.head.npos);
  });
}

TEST_CASE("one connection too many is told so") {
  HttpServerOptions options;
  options.limits.connections_max = 2;
  with_server(options, [](Fiber& self, HttpServer& server) {
    TestHttpClient first = connect(self, server);
    TestHttpClient second = connect(self, server);
    CHECK(first.ask(self, "GET", "/").status == 200);
    CHECK(second.ask(self, "GET", "/").status == 200);
    TestHttpClient third = connect(self, server);
    const TestReply reply = third.receive(self);
    CHECK(reply.status == 503);
    CHECK(reply.body == R"({"error":"too many connections"})");
    CHECK(server.stats().connections_refused.get() == 1);
  });
}

TEST_CASE("a graceful end answers what is under way and closes what is idle") {
  with_server({}, [](Fiber& self, HttpServer& server) {
    TestHttpClient idle = connect(self, server);
    CHECK(idle.ask(self, "GET", "/").status == 200);
    TestHttpClient busy = connect(self, server);
    REQUIRE(busy.send(self, "GET /slow HTTP/1.1\r\nHost: t\r\n\r\n"));
    REQUIRE(self.sleep(100ms));
    server.stop(5s);
    CHECK(idle.closed(self));
    const TestReply reply = busy.receive(self);
    CHECK(reply.status == 200);
    CHECK_FALSE(reply.keep_alive);
    CHECK_FALSE(TestHttpClient::connect(self, server.endpoint()).has_value());
  });
}

TEST_CASE("what is still under way after the grace period is cut") {
  with_server({}, [](Fiber& self, HttpServer& server) {
    TestHttpClient busy = connect(self, server);
    REQUIRE(busy.send(self, "POST /a HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\n"));
    REQUIRE(self.sleep(100ms));
    const Instant started = self.now();
    server.stop(1s);
    CHECK(busy.closed(self));
    CHECK(self.now() - started < 2s);
  });
}

TEST_CASE("it serves over TLS, and survives who speaks none") {
  const auto certificate =
      issue_certificate({.names = {"localhost"}, .not_before = {}, .not_after = {}}, nullptr);
  REQUIRE(certificate);
  HttpServerOptions options;
  options.tls.emplace();
  options.tls->certificate = certificate->certificate;
  options.tls->key = certificate->key;
  with_server(options, [&](Fiber& self, HttpServer& server) {
    auto plain = connect(self, server);
    CHECK(plain.ask(self, "GET", "/").status == 0);
    TlsClientOptions client_options;
    client_options.ca_file = certificate->certificate;
    auto context = TlsContext::client(client_options);
    REQUIRE(context);
    auto tcp = self.loop().connect(self, {.to = server.endpoint(), .from = {}}, self.now() + 1s);
    REQUIRE(tcp);
    auto tls = tls_connect(self, std::move(*tcp), **context, {.server_name = "localhost"},
                           self.now() + 5s);
    REQUIRE_MESSAGE(tls.has_value(), tls.error().text);
    TestHttpClient client(std::move(tls->stream));
    CHECK(client.ask(self, "POST", "/a", "secret").body == "POST /a [] secret");
  });
}

TEST_CASE("a warm request allocates nothing") {
  with_server(
      {},
      [](Fiber& self, HttpServer& server) {
        TestHttpClient client = connect(self, server);
        Stream& stream = client.stream();
        const std::string_view request =
            "POST /a HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\nbody";
        const auto ask = [&](int times) {
          for (int i = 0; i < times; ++i) {
            REQUIRE_UNARY(stream.send(self, as_bytes(request), self.now() + 10s));
            REQUIRE_UNARY(stream.receive(self, self.now() + 10s));
          }
        };
        ask(200);
        const std::size_t before = allocations;
        ask(1000);
        const std::size_t after = allocations;
        // The Date changes once a second, and doctest's checks cost a few hundred bytes now and
        // then.
        CHECK(after - before < 20);
        CHECK(server.stats().requests.get() == 1200);
      },
      BackendKind::epoll);
}

TEST_CASE("loops on several threads start, stop, and can be joined by a fiber") {
  auto loop = Loop::create({});
  REQUIRE(loop);
  REQUIRE((*loop)->spawn("main", [&](Fiber& self) {
    LoopThreads threads;
    std::atomic<int> ended = 0;
    REQUIRE(threads.start({.count = 2, .loop = {}}, [&](Fiber& fiber, std::size_t) {
      while (fiber.sleep(1h)) {
      }
      ++ended;
    }));
    threads.stop();
    threads.join(self);
    CHECK(ended == 2);
  }));
  (*loop)->run();
}
