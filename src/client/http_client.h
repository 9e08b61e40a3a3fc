// An HTTP client: a pool of keep-alive connections to any number of origins, and the measured way
// of one encoded request over one of them.
//
// It belongs to one loop. Each virtual user has its own, as in k6, so an idle one is small: some
// hundred bytes and its streams. Any number of fibers may call send() at once (k6's http.batch).
// Redirects, cookies, and codings are HttpSession's business; it only sends bytes and reads the
// answer.
//
//   HttpClient client(context, {});
//   HttpReply reply;
//   TRY(client.send(self, {.origin = origin, .head = encoded}, reply, deadline));
//   if (reply.ok()) use(reply.status(), reply.body());
//
// With HttpVersions::http1_and_2 a TLS server is offered both (ALPN "h2", "http/1.1") and chooses.
// Requests are encoded for HTTP/1.1 all the same; they are translated where HTTP/2 was chosen. Such
// a connection takes as many requests at once as its server allows; only what goes beyond that
// opens one more. Who asks while the first connection to a server is being made waits for it, as it
// may be one for all. A request that an HTTP/2 server says it has not looked at is sent again.
//
// A connection that broke or closed before the first byte of its answer, and had been used before,
// was closed by the server while the request was on its way: the request is sent once more on a
// new one if it may be repeated. Every other error ends the request and closes its connection.
//
// Source: RFC 9112, section 9; RFC 9113, section 9.1; Go's net/http.Transport for when to retry.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "base/url.h"
#include "client/http_buffers.h"
#include "client/http_reply.h"
#include "loop/loop.h"
#include "net/dialer.h"
#include "wire/content_coding.h"
#include "wire/http1_parser.h"

namespace brunt {

enum class Transport : std::uint8_t { plain, tls };

// Whom to connect to: what connections are pooled by.
struct HttpOrigin {
  std::string host;  // Lower case; a unix socket's path begins with '/'.
  std::uint16_t port = 0;
  Transport transport = Transport::plain;

  static HttpOrigin of(const Url& url);
  friend bool operator==(const HttpOrigin&, const HttpOrigin&) = default;
};

enum class HttpVersions : std::uint8_t { http1, http1_and_2 };

struct HttpClientOptions {
  HttpVersions versions = HttpVersions::http1;
  std::uint32_t connections_origin_max = 6;  // k6's batchPerHost. One caller more waits its turn.
  std::uint32_t connections_max = 20;        // k6's batch. Beyond it the longest idle one goes.
  bool reuse = true;                         // false: k6's noConnectionReuse.
  std::string server_name;                   // For TLS, where it is not the host.
  Http1Limits limits;
  DecodeLimits decode_limits;  // For HttpSession.
};

// What the clients of one loop share. Must outlive them.
struct HttpContext {
  Loop& loop;
  Dialer& dialer;
  TlsContext* tls = nullptr;  // nullptr: https is `unsupported`.
  HttpBuffers buffers = {};
  ContentDecoder decoder = {};
  std::vector<HttpField> scratch_fields = {};  // Of HttpSession, between two parks.
  std::string scratch_text = {};
  // Servers that were offered HTTP/2 and chose HTTP/1.1: no one waits to see once more.
  std::vector<HttpOrigin> http1_only = {};
};

struct HttpExchange;

// A request as it goes out, encoded for HTTP/1.1. What is viewed must stay until send() returns.
struct HttpCall {
  const HttpOrigin& origin;
  std::string_view head;       // Encoded; may have the body behind it.
  std::string_view body = {};  // Sent after it.
  Http1Expectation expect = {};
  bool repeatable = false;  // Idempotent (RFC 9110, 9.2.2): may be sent twice.
};

class HttpClient {
 public:
  // Connects nothing yet. Both must outlive the client.
  HttpClient(HttpContext& context, const HttpClientOptions& options);
  ~HttpClient();  // Closes every connection at once. REQUIRES: no send() is under way.

  // Parks until the response is complete, the request has failed, or `deadline` has passed. What
  // the target did, be it 500 or a refused connection, is in `reply`. Errors: cancelled.
  Result<> send(Fiber& self, const HttpCall& call, HttpReply& reply, Instant deadline);

  // Closes what lies idle: k6's noVUConnectionReuse, between iterations.
  void close_idle();

  std::size_t connections() const { return connections_.size(); }

  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

 private:
  struct Connection;

  Result<Connection*> acquire(Fiber& self, HttpExchange& exchange);
  Connection* find_free(const HttpOrigin& origin);
  bool make_room(const HttpOrigin& origin);
  bool may_become_http2(const HttpOrigin& origin) const;
  Result<> wait_for_turn(Fiber& self, HttpExchange& exchange);
  Result<Connection*> dial(Fiber& self, HttpExchange& exchange);
  Result<> settle(Connection& connection, Dialed dialed);
  Result<> talk(Fiber& self, HttpExchange& exchange, Connection& connection);
  Result<> transmit(Fiber& self, HttpExchange& exchange, Connection& connection);
  Result<> receive(Fiber& self, HttpExchange& exchange, Connection& connection);
  bool may_repeat(const HttpExchange& exchange, const Connection& connection, ErrorCode code) const;
  Result<> failed(HttpExchange& exchange, Error error);
  static void describe(const Connection& connection, HttpReply& reply);
  static void count(Connection& connection, HttpReply& reply);
  void give_back(Connection& connection, bool reusable);
  void close(Connection& connection);
  void wake_waiter();
  void wake_all();

  HttpContext& context_;
  const HttpClientOptions& options_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Fiber*> waiting_;  // For a connection, in their order.
  std::uint64_t exchanges_ = 0;
};

}  // namespace brunt
