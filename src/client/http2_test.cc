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

HttpReply get(Fiber& self, HttpSession& session, std::string_view url = "https://localhost/",
              Duration timeout = 60s) {
  const Url parsed = url_of(url);
  HttpReply reply;
  REQUIRE(session.send(self, {.url = parsed}, {.deadline = self.now() + timeout}, reply));
  return reply;
}

HttpReply post(Fiber& self, HttpSession& session, std::string_view body) {
  const Url url = url_of("https://localhost/");
  HttpReply reply;
  REQUIRE(session.send(self, {.method = "POST", .url = url, .body = body},
                       {.deadline = self.now() + 60s}, reply));
  return reply;
}

// So many at once; gives their replies when all have ended.
std::vector<HttpReply> get_all(Fiber& self, HttpSession& session, std::size_t count,
                               Duration timeout = 60s) {
  std::vector<HttpReply> replies(count);
  std::size_t left = count;
  for (std::size_t i = 0; i < count; ++i)
    REQUIRE(self.loop().spawn("one", [&, i](Fiber& own) {
      replies[i] = get(own, session, fmt::format("https://localhost/{}", i), timeout);
      if (--left == 0) self.wake();
    }));
  while (left > 0) REQUIRE(self.park(far_future, "all requests"));
  return replies;
}

std::string failure_of(const HttpReply& reply) {
  return reply.failure ? fmt::format("{} {}", reply.failure->code, reply.failure->message) : "none";
}

// What comes of one request to a server that does this.
std::string failure_with(HttpTestWorld::Serve serve) {
  std::string found;
  const auto world = world_of(std::move(serve));
  world.run([&](Fiber& self, HttpContext& context) {
    HttpSession session(context, world.options);
    found = failure_of(get(self, session));
  });
  return found;
}

// What comes of one request that a server answers so.
std::string failure_with(Http2TestServer::Answer answer) {
  return failure_with([answer](Peer& peer) { Http2TestServer(peer).serve(answer); });
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
    const auto replies = get_all(self, session, 5);
    for (std::size_t i = 0; i < replies.size(); ++i) {
      CHECK(replies[i].body() == fmt::format("/{}", i));
      CHECK(replies[i].timings.blocked == 40ms);
      CHECK(replies[i].timings.connecting == (i == 0 ? 20ms : 0ms));
      CHECK(replies[i].timings.waiting == 20ms);
      CHECK(replies[i].connection_reused == (i > 0));
    }
    CHECK(connections == 1);
    CHECK(session.client().connections() == 1);
  });
}

TEST_CASE("requests at once to a server without h2 wait for the first connection only once") {
  auto world = world_of([](Peer& peer) {
    while (!peer.request().empty()) peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  world.alpn = {"http/1.1"};
  world.run([&](Fiber& self, HttpContext& context) {
    HttpSession session(context, world.options);
    CHECK(get_all(self, session, 3)[2].timings.blocked == 80ms);
    session.client().close_idle();
    CHECK(get_all(self, session, 3)[2].timings.blocked == 40ms);
  });
}

TEST_CASE("no more requests at once than the server allows go over one connection") {
  std::vector<std::size_t> at_once;
  bool is_first = true;
  const auto world = world_of([&](Peer& peer) {
    const auto number = at_once.size();
    at_once.push_back(0);
    Http2TestServer server(peer, {.streams_max = 2});
    while (server.take_some()) {
      auto& calls = server.calls();
      at_once[number] = std::max(at_once[number], calls.size());
      if (calls.size() == 2) peer.sleep(1s);
      if (calls.size() == 2 || is_first)
        for (auto& [stream, call] : calls) call.answer("200", call.path());
      is_first = false;
      if (!server.flush()) return;
    }
  });
  world.run([&](Fiber& self, HttpContext& context) {
    HttpSession session(context, world.options);
    get(self, session);
    for (const HttpReply& reply : get_all(self, session, 12)) {
      CHECK(reply.status() == 200);
      CHECK(!reply.retried);
    }
    for (const std::size_t count : at_once) CHECK(count == 2);
    CHECK(at_once.size() == 6);
  });
}

TEST_CASE("without reuse each request has a connection of its own") {
  int connections = 0;
  auto world = world_of([&](Peer& peer) {
    ++connections;
    Http2TestServer(peer).serve([](Http2TestCall& call) { call.answer("200", "ok"); });
  });
  world.options.client.reuse = false;
  world.run([&](Fiber& self, HttpContext& context) {
    HttpSession session(context, world.options);
    get_all(self, session, 3);
    get(self, session);
    CHECK(connections == 4);
    CHECK(session.client().connections() == 0);
  });
}

TEST_CASE("idle connections close when they are told to, busy ones stay") {
  const auto world = world_of([](Http2TestCall& call) { call.answer("200", "ok"); });
  world.run([&](Fiber& self, HttpContext& context) {
    HttpSession session(context, world.options);
    get(self, session);
    session.client().close_idle();
    CHECK(session.client().connections() == 0);
    CHECK(!get(self, session).connection_reused);
  });
}

TEST_CASE("a body larger than the windows arrives, and sending lasts until it has gone") {
  const std::string body(1'000'000, 'b');
  const auto world = world_of([&](Peer& peer) {
    Http2TestServer(peer, {.stream_window_bytes = 64u << 10u}).serve([&](Http2TestCall& call) {
      CHECK(call.field("content-length") == "1000000");
      CHECK(call.body == body);
      call.answer("200", body);
    });
  });
  world.run([&](Fiber& self, HttpContext& context) {
    HttpSession session(context, world.options);
    const HttpReply reply = post(self, session, body);
    CHECK(reply.body() == body);
    CHECK(reply.timings.sending > 100ms);
    CHECK(reply.timings.waiting == 20ms);
    CHECK(reply.bytes_sent > body.size());
    CHECK(reply.bytes_received > body.size());
    CHECK(self.now() == reply.timings.ended());
  });
}

TEST_CASE("an answer before the whole request has been sent is the answer") {
  const auto world = world_of([&](Peer& peer) {
    Http2TestServer server(peer, {.stream_window_bytes = 64u << 10u});
    while (server.take_some()) {
      for (auto& [stream, call] : server.calls())
        if (!std::exchange(call.fields, {}).empty()) call.answer("413", "too much");
      if (!server.flush()) return;
    }
  });
  world.run([&](Fiber& self, HttpContext& context) {
    HttpSession session(context, world.options);
    const HttpReply reply = post(self, session, std::string(1'000'000, 'b'));
    CHECK(failure_of(reply) == "none");
    CHECK(reply.status() == 413);
    CHECK(reply.body() == "too much");
    CHECK(self.now() == reply.timings.ended());
  });
}

TEST_CASE("interim answers and trailers are passed over, and a HEAD has no body") {
  const auto world = world_of([](Http2TestCall& call) {
    if (call.field(":method") == "HEAD") {
      call.head("200", {{"content-length", "100"}});
      call.session.finish(call.stream);
      return;
    }
    call.head("200");
    call.session.write(call.stream, "body");
    call.session.finish(call.stream, std::vector<HttpField>{{"checksum", "1"}});
  });
  world.run([&](Fiber& self, HttpContext& context) {
    HttpSession session(context, world.options);
    const HttpReply reply = get(self, session);
    CHECK(reply.body() == "body");
    CHECK(reply.fields().empty());
    const Url url = url_of("https://localhost/");
    HttpReply head;
    REQUIRE(session.send(self, {.method = "HEAD", .url = url}, {}, head));
    CHECK(head.status() == 200);
    CHECK(head.fields().find("content-length") == "100");
  });
}

TEST_CASE("a stream that the server resets is a failure with its code and k6s words") {
  const std::string words = "1633 http2: stream error with http2 ErrCode INTERNAL_ERROR";
  CHECK(failure_with([](Http2TestCall& call) { call.session.reset(call.stream, 2); }) == words);
  CHECK(failure_with([](Http2TestCall& call) {
          call.head("200", {{"content-length", "100"}});
          call.session.write(call.stream, "half");
          Http2Session& session = call.session;
          std::string out;
          session.drain(out);
          call.peer.send(out);
          session.reset(call.stream, 2);
        }) == words);
  CHECK(failure_with([](Http2TestCall& call) { call.session.reset(call.stream, 200); }) ==
        "1630 http2: stream error with http2 ErrCode unknown error code");
}

TEST_CASE("a request that the server has not looked at is sent once more") {
  for (const int refused : {1, 2}) {
    CAPTURE(refused);
    int asked = 0;
    const auto world = world_of([&](Http2TestCall& call) {
      if (asked++ < refused)
        call.session.reset(call.stream, http2_refused_stream);
      else
        call.answer("200", call.body);
    });
    world.run([&](Fiber& self, HttpContext& context) {
      HttpSession session(context, world.options);
      const HttpReply reply = post(self, session, "body");
      CHECK(reply.retried);
      CHECK(asked == 2);
      CHECK(session.client().connections() == 1);
      if (refused == 1) CHECK(reply.body() == "body");
      if (refused == 2)
        CHECK(failure_of(reply) == "1638 http2: stream error with http2 ErrCode REFUSED_STREAM");
    });
  }
}

TEST_CASE("what a server has not looked at when it says goodbye goes to another connection") {
  int connections = 0;
  const auto world = world_of([&](Peer& peer) {
    const bool says_goodbye = connections++ < 3;
    Http2TestServer server(peer);
    server.serve([&](Http2TestCall& call) {
      if (says_goodbye) {
        server.flush();
        peer.send(http2_goodbye(0, http2_no_error));
      } else {
        call.answer("200", "here");
      }
    });
  });
  world.run([&](Fiber& self, HttpContext& context) {
    HttpSession session(context, world.options);
    const HttpReply reply = post(self, session, "body");
    CHECK(reply.body() == "here");
    CHECK(reply.retried);
    CHECK(connections == 4);
    CHECK(session.client().connections() == 1);
  });
}

TEST_CASE("a goodbye lets requests under way end, and later ones take another connection") {
  int connections = 0;
  const auto world = world_of([&](Peer& peer) {
    ++connections;
    Http2TestServer server(peer);
    server.serve([&](Http2TestCall& call) {
      server.flush();
      if (connections == 1) peer.send(http2_goodbye(1, http2_no_error));
      call.answer("200", "ok");
    });
  });
  world.run([&](Fiber& self, HttpContext& context) {
    HttpSession session(context, world.options);
    CHECK(get(self, session).status() == 200);
    CHECK(get(self, session).status() == 200);
    CHECK(connections == 2);
    CHECK(session.client().connections() == 1);
  });
}

TEST_CASE("a server that says goodbye and closes is a failure with its code") {
  CHECK(failure_with([](Peer& peer) {
          Http2TestServer server(peer);
          server.flush();
          peer.send(http2_goodbye(5, http2_inadequate_security));
          peer.finish();
          while (server.take_some()) {
          }
        }) == "1623 http2: received GoAway with http2 ErrCode INADEQUATE_SECURITY");
}

TEST_CASE("a server that closes instead of answering is a failure") {
  CHECK(failure_with([](Peer& peer) { peer.some(); }) == "1000 unexpected EOF");
  CHECK(failure_with([](Http2TestCall& call) {
          call.head("200");
          call.session.write(call.stream, "half");
          std::string out;
          call.session.drain(out);
          call.peer.send(out);
          call.peer.finish();
        }) == "1000 unexpected EOF");
}

TEST_CASE("a server that breaks the rules is a failure with the code that it is told") {
  const auto says = [](std::string bytes) {
    return failure_with([bytes](Peer& peer) {
      Http2TestServer server(peer);
      server.flush();
      peer.send(bytes);
      while (server.take_some()) {
      }
    });
  };
  const std::string words = "http2: connection error with http2 ErrCode ";
  CHECK(says(http2_frame(0, 0, 0, "data of no stream")) == "1652 " + words + "PROTOCOL_ERROR");
  CHECK(says(http2_frame(1, 4, 1, "\xff\xff\xff\xff\xff\xff\xff")) ==
        "1660 " + words + "COMPRESSION_ERROR");
  CHECK(says(http2_frame(4, 0, 0, "odd")) == "1657 " + words + "FRAME_SIZE_ERROR");
  CHECK(failure_with([](Peer& peer) {
          peer.send(http2_frame(6, 0, 0, "12345678"));
          peer.hang();
        }) == "1652 " + words + "PROTOCOL_ERROR");
}

TEST_CASE("a server that chooses h2 and speaks the older version is told from others") {
  CHECK(failure_with([](Peer& peer) {
          peer.some();
          peer.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
          peer.hang();
        }) == "1000 malformed HTTP response");
}

TEST_CASE("a head or a body beyond its limit is a failure, and the connection goes on") {
  auto world = world_of([](Http2TestCall& call) {
    const std::string large(60'000, 'x');
    if (call.path() == "/head") call.answer("200", "", {{"large", large}});
    if (call.path() == "/body") call.answer("200", large);
    if (call.path() == "/") call.answer("200", "ok");
  });
  world.options.client.limits.body_bytes_max = 50'000;
  world.options.client.limits.head_bytes_max = 5'000;
  world.run([&](Fiber& self, HttpContext& context) {
    HttpSession session(context, world.options);
    CHECK(failure_of(get(self, session, "https://localhost/head")) == "1000 response too large");
    CHECK(failure_of(get(self, session, "https://localhost/body")) == "1000 response too large");
    const HttpReply reply = get(self, session);
    CHECK(reply.body() == "ok");
    CHECK(reply.connection_reused);
  });
}

TEST_CASE("a request that takes too long is called off, and others go on") {
  std::vector<std::string> resets;
  const auto world = world_of([&](Peer& peer) {
    Http2TestServer server(peer);
    server.serve([](Http2TestCall& call) {
      if (call.path() == "/") call.answer("200", "ok");
    });
    resets = server.resets;
  });
  world.run([&](Fiber& self, HttpContext& context) {
    HttpSession session(context, world.options);
    get(self, session);
    const Instant before = self.now();
    CHECK(failure_of(get(self, session, "https://localhost/slow", 3s)) == "1050 request timeout");
    CHECK(self.now() - before == 3s);
    CHECK(get(self, session).connection_reused);
    session.client().close_idle();
    REQUIRE(self.sleep(1s));
    CHECK(resets == std::vector<std::string>{"3 8"});
  });
}

TEST_CASE("a cancelled request ends at once") {
  const auto world = world_of([](Http2TestCall&) {});
  world.run([&](Fiber& self, HttpContext& context) {
    HttpSession session(context, world.options);
    const Url url = url_of("https://localhost/");
    REQUIRE(self.loop().spawn("canceller", [&](Fiber& own) {
      REQUIRE(own.sleep(1s));
      self.cancel();
    }));
    HttpReply reply;
    const auto sent = session.send(self, {.url = url}, {}, reply);
    REQUIRE(!sent);
    CHECK(sent.error().code == ErrorCode::cancelled);
    CHECK(reply.timings.waiting == 1s - 40ms);
  });
}
