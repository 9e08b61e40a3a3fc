// Long because one client is tried against every way a connection can fail.
// One request over one connection, and the pool: what is measured, what is reused, and what every
// way to fail is called. On a simulated network, so that every duration is exact.
#include "client/http_client.h"

#include <doctest/doctest.h>

#include "client/http_test_world.h"
#include "loop/fiber_group.h"

using namespace brunt;

namespace {

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
constexpr std::string_view post = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n";
constexpr std::string_view hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
const HttpOrigin origin{.host = "localhost", .port = 80};

void answer_all(Peer& peer, std::string_view response) {
  while (!peer.request().empty() && peer.send(response)) {
  }
}

struct Outcome {
  std::uint16_t status = 0;
  std::uint16_t code = 0;
  std::string message, detail, body;
};

Outcome outcome_of(const HttpReply& reply) {
  Outcome outcome{.status = reply.status(),
                  .code = reply.error_code(),
                  .message = {},
                  .detail = {},
                  .body = std::string(reply.body())};
  if (reply.failure) {
    outcome.message = reply.failure->message;
    outcome.detail = reply.failure->detail;
  }
  return outcome;
}

// One GET to a server that answers whatever comes with these bytes and closes.
Outcome ask(std::string response, const HttpClientOptions& options = {}) {
  Outcome outcome;
  const HttpTestWorld world{.serve =
                                [&](Peer& peer) {
                                  peer.request();
                                  peer.send(response);
                                },
                            .options = {}};
  world.run([&](Fiber& self, HttpContext& context) {
    HttpClient client(context, options);
    HttpReply reply;
    REQUIRE(client.send(self, {.origin = origin, .head = get}, reply, self.now() + 10s));
    outcome = outcome_of(reply);
  });
  return outcome;
}

}  // namespace

TEST_CASE("every part of a request takes exactly its time") {
  const HttpTestWorld world{.serve =
                                [](Peer& peer) {
                                  while (!peer.request().empty()) {
                                    peer.sleep(5ms);
                                    peer.send(hello.substr(0, 20));
                                    peer.sleep(7ms);
                                    peer.send(hello.substr(20));
                                  }
                                },
                            .options = {}};
  world.run([](Fiber& self, HttpContext& context) {
    const HttpClientOptions options;
    HttpClient client(context, options);
    HttpReply reply;
    const Instant start = self.now();
    REQUIRE(client.send(self, {.origin = origin, .head = get}, reply, far_future));
    REQUIRE(reply.ok());
    CHECK(reply.body() == "hello");
    CHECK(reply.timings.started == start);
    CHECK(reply.timings.looking_up == 0ms);
    CHECK(reply.timings.connecting == 20ms);
    CHECK(reply.timings.tls_handshaking == 0ms);
    CHECK(reply.timings.blocked == 20ms);
    CHECK(reply.timings.sending == 0ms);
    CHECK(reply.timings.waiting == 25ms);  // There, 5 ms of thought, and back.
    CHECK(reply.timings.receiving == 7ms);
    CHECK(reply.timings.duration() == 32ms);
    CHECK(reply.timings.ended() == self.now());
    CHECK(reply.bytes_sent == get.size());
    CHECK(reply.bytes_received == hello.size());
    CHECK(reply.remote.text() == "127.0.0.1:80");
    CHECK(!reply.connection_reused);
    CHECK(reply.tls_version.empty());

    REQUIRE(self.sleep(1s));
    REQUIRE(client.send(self, {.origin = origin, .head = get}, reply, far_future));
    REQUIRE(reply.ok());
    CHECK(reply.connection_reused);
    CHECK(reply.timings.blocked == 0ms);
    CHECK(reply.timings.connecting == 0ms);
    CHECK(reply.timings.duration() == 32ms);
    CHECK(reply.bytes_sent == get.size());
    CHECK(reply.bytes_received == hello.size());
    CHECK(client.connections() == 1);
  });
}

TEST_CASE("the handshake of TLS is measured apart and its bytes are counted") {
  const HttpTestWorld world{.serve = [](Peer& peer) { answer_all(peer, hello); },
                            .options = {},
                            .certificate_name = "localhost"};
  world.run([](Fiber& self, HttpContext& context) {
    const HttpClientOptions options;
    const HttpOrigin secure{.host = "localhost", .port = 443, .transport = Transport::tls};
    HttpClient client(context, options);
    HttpReply reply;
    REQUIRE(client.send(self, {.origin = secure, .head = get}, reply, far_future));
    REQUIRE(reply.ok());
    CHECK(reply.timings.connecting == 20ms);
    CHECK(reply.timings.tls_handshaking == 20ms);
    CHECK(reply.timings.blocked == 40ms);
    CHECK(reply.timings.duration() == 20ms);
    CHECK(reply.tls_version == "TLSv1.3");
    CHECK(!reply.tls_cipher.empty());
    CHECK(reply.bytes_received > 500);
    REQUIRE(client.send(self, {.origin = secure, .head = get}, reply, far_future));
    CHECK(reply.connection_reused);
    CHECK(reply.bytes_received > hello.size());
    CHECK(reply.bytes_received < 500);
  });
}

TEST_CASE("a response that comes in two pieces is the same wherever it is cut") {
  const std::string chunked =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
  std::size_t cut = 1;
  const HttpTestWorld world{.serve =
                                [&](Peer& peer) {
                                  while (!peer.request().empty()) {
                                    peer.send(chunked.substr(0, cut));
                                    peer.sleep(3ms);
                                    peer.send(chunked.substr(cut));
                                  }
                                },
                            .options = {}};
  world.run([&](Fiber& self, HttpContext& context) {
    const HttpClientOptions options;
    HttpClient client(context, options);
    HttpReply reply;
    for (; cut < chunked.size(); ++cut) {
      CAPTURE(cut);
      REQUIRE(client.send(self, {.origin = origin, .head = get}, reply, far_future));
      REQUIRE(reply.ok());
      CHECK(reply.body() == "hello");
      CHECK(reply.timings.receiving == 3ms);
    }
    CHECK(client.connections() == 1);
  });
}

TEST_CASE("a response that ends at any byte is a failure, not a short response") {
  for (const std::string_view whole :
       {hello, std::string_view("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello"
                                "\r\n0\r\n\r\n")}) {
    for (std::size_t cut = 0; cut < whole.size(); ++cut) {
      CAPTURE(cut);
      const Outcome outcome = ask(std::string(whole.substr(0, cut)));
      CHECK(outcome.status == 0);
      CHECK(outcome.code == 1000);
      CHECK(outcome.message == (cut == 0 ? "EOF" : "unexpected EOF"));
      CHECK(outcome.body.empty());
    }
    CHECK(ask(std::string(whole)).body == "hello");
  }
  CHECK(ask("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello").detail ==
        "closed after 5 of 9 body bytes");
}

TEST_CASE("what breaks the protocol or a limit is a failure with its name") {
  const std::string large(1'000'000, 'x');
  CHECK(ask("HTTP/1.1 200 OK\r\nX: " + large).message == "response too large");
  CHECK(ask("HTTP/1.1 200 OK\r\nX: " + large).code == 1000);
  CHECK(ask("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n").message == "malformed HTTP response");
  CHECK(ask("220 smtp.example ESMTP\r\n").message == "malformed HTTP response");
  HttpClientOptions options;
  options.limits.body_bytes_max = 1000;
  CHECK(ask("HTTP/1.1 200 OK\r\n\r\n" + large, options).message == "response too large");
  CHECK(ask("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", options).message ==
        "response too large");
  CHECK(ask("HTTP/1.1 101 Switching Protocols\r\n\r\n").message == "unsupported response");
  CHECK(ask("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n").code == 1503);
}

TEST_CASE("no answer within the deadline is a request timeout that has waited") {
  const HttpTestWorld world{.serve =
                                [](Peer& peer) {
                                  peer.request();
                                  if (peer.number == 1) peer.send(hello.substr(0, 30));
                                  peer.hang();
                                },
                            .options = {}};
  world.run([](Fiber& self, HttpContext& context) {
    const HttpClientOptions options;
    HttpClient client(context, options);
    HttpReply reply;
    REQUIRE(client.send(self, {.origin = origin, .head = get}, reply, self.now() + 1s));
    REQUIRE(reply.failure);
    CHECK(reply.failure->code == 1050);
    CHECK(reply.failure->message == "request timeout");
    CHECK(reply.timings.blocked == 20ms);
    CHECK(reply.timings.waiting == 980ms);
    CHECK(client.connections() == 0);
    REQUIRE(client.send(self, {.origin = origin, .head = get}, reply, self.now() + 1s));
    REQUIRE(reply.failure);
    CHECK(reply.failure->code == 1050);
    CHECK(reply.timings.waiting == 20ms);
    CHECK(reply.timings.receiving == 960ms);
    CHECK(reply.bytes_received == 30);
    CHECK(reply.status() == 0);
  });
}

TEST_CASE("an endless body ends at the deadline or the limit") {
  const HttpTestWorld world{.serve =
                                [](Peer& peer) {
                                  peer.request();
                                  peer.send("HTTP/1.1 200 OK\r\n\r\n");
                                  while (peer.send(std::string(100, 'x')) && peer.sleep(10ms)) {
                                  }
                                },
                            .options = {}};
  world.run([](Fiber& self, HttpContext& context) {
    const HttpClientOptions options;
    HttpClient client(context, options);
    HttpReply reply;
    REQUIRE(client.send(self, {.origin = origin, .head = get}, reply, self.now() + 1s));
    CHECK(reply.error_code() == 1050);
    HttpClientOptions limited;
    limited.limits.body_bytes_max = 2000;
    HttpClient second(context, limited);
    REQUIRE(second.send(self, {.origin = origin, .head = get}, reply, self.now() + 1s));
    REQUIRE(reply.failure);
    CHECK(reply.failure->cause == ErrorCode::too_large);
    CHECK(reply.timings.receiving == 200ms);
  });
}

TEST_CASE("a connection that cannot be made has a code and no timings") {
  struct Row {
    HttpOrigin to;
    std::uint16_t code;
    std::string_view message;
  };
  const Row rows[] = {
      {{.host = "localhost", .port = 81}, 1212, "dial: connection refused"},
      {{.host = "nowhere.test", .port = 80}, 1101, "lookup: no such host"},
      {{.host = "10.0.0.1", .port = 80}, 1110, "address is not allowed"},
      {{.host = "localhost", .port = 80, .transport = Transport::tls},
       1301,
       "tls: first record does not look like a TLS handshake"},
      {{.host = "other.localhost", .port = 443, .transport = Transport::tls},
       1311,
       "x509: certificate doesn't match hostname"},
  };
  const HttpTestWorld world{.serve =
                                [](Peer& peer) {
                                  peer.sleep(1ms);
                                  peer.send("HTTP/1.1 400 Bad Request\r\n\r\n");
                                  peer.sleep(1s);
                                },
                            .options = {},
                            .certificate_name = "localhost"};
  world.run([&](Fiber& self, HttpContext& context) {
    const HttpClientOptions options;
    HttpClient client(context, options);
    for (const Row& row : rows) {
      CAPTURE(row.to.host);
      CAPTURE(row.code);
      HttpReply reply;
      REQUIRE(client.send(self, {.origin = row.to, .head = get}, reply, self.now() + 5s));
      REQUIRE(reply.failure);
      CHECK(reply.failure->code == row.code);
      CHECK(reply.failure->message == row.message);
      CHECK(!reply.failure->detail.empty());
      CHECK(reply.timings.blocked == 0ms);
      CHECK(reply.timings.duration() == 0ms);
      CHECK(client.connections() == 0);
    }
  });
}

TEST_CASE("a certificate of a stranger is unknown authority") {
  const HttpTestWorld world{.serve = [](Peer& peer) { answer_all(peer, hello); },
                            .options = {},
                            .certificate_name = "localhost",
                            .trusts = false};
  world.run([](Fiber& self, HttpContext& context) {
    const HttpClientOptions options;
    const HttpOrigin secure{.host = "localhost", .port = 443, .transport = Transport::tls};
    auto strangers = TlsContext::client({});
    REQUIRE(strangers);
    HttpContext own{.loop = context.loop, .dialer = context.dialer, .tls = strangers->get()};
    HttpClient client(own, options);
    HttpReply reply;
    REQUIRE(client.send(self, {.origin = secure, .head = get}, reply, self.now() + 5s));
    CHECK(reply.error_code() == 1310);
    HttpContext without{.loop = context.loop, .dialer = context.dialer};
    HttpClient second(without, options);
    REQUIRE(second.send(self, {.origin = secure, .head = get}, reply, self.now() + 5s));
    REQUIRE(reply.failure);
    CHECK(reply.failure->cause == ErrorCode::unsupported);
    reply.reset();
  });
}

TEST_CASE("a lost SYN beyond the deadline is a request timeout") {
  HttpTestWorld world{.serve = [](Peer& peer) { answer_all(peer, hello); }, .options = {}};
  world.network.loss_probability = 1;
  world.run([](Fiber& self, HttpContext& context) {
    const HttpClientOptions options;
    HttpClient client(context, options);
    HttpReply reply;
    REQUIRE(client.send(self, {.origin = origin, .head = get}, reply, self.now() + 5s));
    CHECK(reply.error_code() == 1050);
    CHECK(self.now() == Instant(5s));
  });
}

TEST_CASE("a connection is kept only when both sides allow it") {
  struct Row {
    std::string_view response;
    bool kept;
  };
  const Row rows[] = {
      {hello, true},
      {"HTTP/1.1 204 No Content\r\n\r\n", true},
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", false},
      {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", false},
      // Bytes that nobody asked for: the next answer could not be trusted.
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.response);
    const HttpTestWorld world{.serve = [&](Peer& peer) { answer_all(peer, row.response); },
                              .options = {}};
    world.run([&](Fiber& self, HttpContext& context) {
      const HttpClientOptions options;
      HttpClient client(context, options);
      HttpReply reply;
      REQUIRE(client.send(self, {.origin = origin, .head = get}, reply, far_future));
      CHECK(reply.ok());
      CHECK(client.connections() == (row.kept ? 1 : 0));
      const HttpClientOptions never{.reuse = false, .server_name = {}};
      HttpClient single(context, never);
      REQUIRE(single.send(self, {.origin = origin, .head = get}, reply, far_future));
      CHECK(reply.ok());
      CHECK(single.connections() == 0);
    });
  }
}

TEST_CASE("a connection that the server has closed meanwhile is not used again") {
  const HttpTestWorld world{.serve =
                                [](Peer& peer) {
                                  peer.request();
                                  peer.send(hello);
                                  peer.sleep(100ms);
                                },
                            .options = {}};
  world.run([](Fiber& self, HttpContext& context) {
    const HttpClientOptions options;
    HttpClient client(context, options);
    HttpReply reply;
    for (int i = 0; i < 3; ++i) {
      REQUIRE(client.send(self, {.origin = origin, .head = post}, reply, far_future));
      CHECK(reply.ok());
      CHECK(!reply.connection_reused);
      CHECK(!reply.retried);
      REQUIRE(self.sleep(1s));
    }
  });
}

TEST_CASE("a connection that closes under a request is retried once, if the request may be") {
  // The server closes 5 ms after its answer, and the news takes 10 ms: the client's next request
  // has left by then.
  const HttpTestWorld world{.serve =
                                [](Peer& peer) {
                                  peer.request();
                                  peer.send(hello);
                                  peer.sleep(5ms);
                                },
                            .options = {}};
  world.run([](Fiber& self, HttpContext& context) {
    const HttpClientOptions options;
    HttpClient client(context, options);
    HttpReply reply;
    REQUIRE(client.send(self, {.origin = origin, .head = get}, reply, far_future));
    REQUIRE(reply.ok());
    REQUIRE(
        client.send(self, {.origin = origin, .head = get, .repeatable = true}, reply, far_future));
    CHECK(reply.ok());
    CHECK(reply.retried);
    CHECK(!reply.connection_reused);
    CHECK(reply.timings.blocked == 25ms);  // 5 ms on the dead connection, then a new one.
    CHECK(reply.timings.duration() == 20ms);
    CHECK(reply.bytes_sent == 2 * get.size());
    REQUIRE(client.send(self, {.origin = origin, .head = post}, reply, far_future));
    REQUIRE(reply.failure);
    CHECK(!reply.retried);
    CHECK(reply.failure->code == 1000);
    CHECK(reply.failure->message == "EOF");
  });
}

TEST_CASE("a new connection that closes is not retried for ever") {
  int connections = 0;
  const HttpTestWorld world{.serve =
                                [&](Peer& peer) {
                                  ++connections;
                                  peer.request();
                                },
                            .options = {}};
  world.run([](Fiber& self, HttpContext& context) {
    const HttpClientOptions options;
    HttpClient client(context, options);
    HttpReply reply;
    REQUIRE(
        client.send(self, {.origin = origin, .head = get, .repeatable = true}, reply, far_future));
    CHECK(reply.error_code() == 1000);
  });
  CHECK(connections == 1);
}

TEST_CASE("beyond the connections of an origin callers wait their turn") {
  const HttpTestWorld world{.serve =
                                [](Peer& peer) {
                                  while (!peer.request().empty()) {
                                    peer.sleep(80ms);
                                    peer.send(hello);
                                  }
                                },
                            .options = {}};
  world.run([](Fiber& self, HttpContext& context) {
    const HttpClientOptions options{.connections_origin_max = 2, .server_name = {}};
    HttpClient client(context, options);
    std::vector<HttpReply> replies(5);
    FiberGroup group(self.loop());
    for (HttpReply& reply : replies) {
      const Instant deadline = &reply == &replies.back() ? self.now() + 150ms : far_future;
      REQUIRE(group.spawn("caller", [&client, &reply, deadline](Fiber& own) {
        REQUIRE(client.send(own, {.origin = origin, .head = get}, reply, deadline));
      }));
    }
    REQUIRE(group.join(self));
    CHECK(client.connections() == 2);
    CHECK(replies[0].timings.blocked == 20ms);
    CHECK(replies[1].timings.blocked == 20ms);
    CHECK(replies[2].timings.blocked == 120ms);
    CHECK(replies[3].timings.blocked == 120ms);
    CHECK(replies[3].connection_reused);
    CHECK(replies[3].timings.duration() == 100ms);
    REQUIRE(replies[4].failure);  // Its deadline passed in the queue.
    CHECK(replies[4].failure->code == 1050);
  });
}

TEST_CASE("for another origin the longest idle connection gives way") {
  const HttpTestWorld world{.serve = [](Peer& peer) { answer_all(peer, hello); }, .options = {}};
  world.run([](Fiber& self, HttpContext& context) {
    const HttpClientOptions options{.connections_max = 2, .server_name = {}};
    HttpClient client(context, options);
    HttpReply reply;
    const HttpOrigin ip{.host = "127.0.0.1", .port = 80};
    const HttpOrigin other{.host = "localhost", .port = 8080};
    for (const HttpOrigin* to : {&origin, &ip, &other, &ip, &other})
      REQUIRE(client.send(self, {.origin = *to, .head = get}, reply, far_future));
    CHECK(reply.connection_reused);
    CHECK(client.connections() == 2);
    REQUIRE(client.send(self, {.origin = origin, .head = get}, reply, far_future));
    CHECK(!reply.connection_reused);
    client.close_idle();
    CHECK(client.connections() == 0);
  });
}

TEST_CASE("a cancelled request says so and leaves nothing behind") {
  const HttpTestWorld world{.serve = [](Peer& peer) { peer.hang(); }, .options = {}};
  world.run([](Fiber& self, HttpContext& context) {
    const HttpClientOptions options{.connections_origin_max = 1, .server_name = {}};
    HttpClient client(context, options);
    FiberGroup group(self.loop());
    int cancelled = 0;
    for (int i = 0; i < 2; ++i)
      REQUIRE(group.spawn("caller", [&](Fiber& own) {
        HttpReply reply;
        const auto sent = client.send(own, {.origin = origin, .head = get}, reply, far_future);
        REQUIRE(!sent);
        CHECK(sent.error().code == ErrorCode::cancelled);
        CHECK(reply.failure->cause == ErrorCode::cancelled);
        ++cancelled;
      }));
    CHECK(!group.join_until(self, self.now() + 1s));
    CHECK(cancelled == 2);
    CHECK(client.connections() == 0);
  });
}

TEST_CASE("a discarded body is counted, and HEAD has none") {
  const HttpTestWorld world{.serve =
                                [](Peer& peer) {
                                  answer_all(peer, peer.number == 0
                                                       ? std::string(hello)
                                                       : "HTTP/1.1 200 OK\r\nContent-Length: "
                                                         "5\r\n\r\n");
                                },
                            .options = {}};
  world.run([](Fiber& self, HttpContext& context) {
    const HttpClientOptions options;
    HttpClient client(context, options);
    HttpReply reply;
    REQUIRE(client.send(self,
                        {.origin = origin, .head = get, .expect = {.body = BodyHandling::discard}},
                        reply, far_future));
    CHECK(reply.body().empty());
    CHECK(reply.message().body_bytes() == 5);
    client.close_idle();
    REQUIRE(client.send(self, {.origin = origin, .head = get, .expect = {.answers_head = true}},
                        reply, far_future));
    CHECK(reply.ok());
    CHECK(client.connections() == 1);
    reply.release();
    CHECK(reply.status() == 0);
  });
}

TEST_CASE("in any weather a reply is whole or a failure") {
  std::size_t failures = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    const std::string body(5000, 'b');
    const std::string response = "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + body;
    const HttpTestWorld world{.serve = [&](Peer& peer) { answer_all(peer, response); },
                              .options = {},
                              .network = {.one_way_delay_min = 1ms,
                                          .one_way_delay_max = 30ms,
                                          .loss_probability = 0.05,
                                          .reset_probability = 0.05,
                                          .split_probability = 0.5},
                              .seed = seed};
    world.run([&](Fiber& self, HttpContext& context) {
      const HttpClientOptions options;
      HttpClient client(context, options);
      HttpReply reply;
      for (int i = 0; i < 50; ++i) {
        REQUIRE(client.send(self, {.origin = origin, .head = get, .repeatable = true}, reply,
                            self.now() + 100ms));
        if (reply.ok())
          CHECK(reply.body() == body);
        else
          ++failures;
      }
    });
  }
  CHECK(failures > 100);
  CHECK(failures < 1900);
}
