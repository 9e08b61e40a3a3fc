// An HTTP/1.1 server on one loop: one fiber a connection, keep-alive, pipelining tolerated (answers
// in order). An idle connection holds its fiber and its stream, no buffers: those are lent from a
// pool while a request is under way, so that a warm request allocates nothing.
//
//   auto server = TRY(HttpServer::listen(loop, {.at = Endpoint::loopback(0)}, handler));
//   TRY(loop.spawn("http", [&](Fiber& self) { server->serve(self); }));   // until stop() or cancel
//
// For several threads: one loop and one server each, all with reuse_port on the same port
// (server/loop_threads.h).
//
// Answers by itself, with a JSON body that says what is wrong, and then closes: 400 (malformed),
// 408 (a request that began and did not end in time), 413 (body), 431 (start line and header), 503
// (more connections than the limit). What the handler throws is a 500.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "loop/loop.h"
#include "net/tls.h"
#include "server/counter.h"
#include "server/http_message_views.h"
#include "wire/http1_parser.h"

namespace brunt {

struct HttpServerLimits {
  std::uint32_t header_bytes_max = 64u << 10u;
  std::uint32_t fields_max = 128;
  std::uint64_t body_bytes_max = 1u << 20u;             // A larger one gets 413.
  std::uint32_t connections_max = 20'000;               // One more gets 503 and is closed.
  Duration idle_timeout = std::chrono::minutes(5);      // Between requests; then closed silently.
  Duration request_timeout = std::chrono::seconds(30);  // From a request's first byte to its last.
  Duration send_timeout = std::chrono::seconds(30);     // A client that does not read is closed.
  Duration handshake_timeout = std::chrono::seconds(10);  // TLS.
};

struct HttpServerOptions {
  Endpoint at = Endpoint::loopback(0);  // Port 0: the kernel chooses; ask endpoint().
  bool reuse_port = false;
  std::optional<TlsServerOptions> tls;
  HttpServerLimits limits;
  std::string server_name = "brunt";  // The Server field; "" sends none.
};

// Counted since the start. Any thread may read it.
struct HttpServerStats {
  Counter connections_accepted;
  Counter connections_refused;  // Beyond connections_max.
  Counter connections_open;     // Now.
  Counter requests;             // Handed to the handler.
  // Answered with an error by the server itself, by status.
  Counter malformed_400, timeout_408, too_large_413, too_large_431, thrown_500;
};

class HttpServer {
 public:
  using Handler =
      std::move_only_function<void(Fiber&, const HttpRequestView&, HttpResponseWriter&)>;

  // Listens; nobody is served before serve(). `loop` must outlive the server.
  static Result<std::unique_ptr<HttpServer>> listen(Loop& loop, const HttpServerOptions& options,
                                                    Handler handler);
  ~HttpServer();  // REQUIRES: serve() has returned, or was never called.

  // Accepts and serves until stop() or until `self` is cancelled; returns when every connection's
  // fiber has ended.
  void serve(Fiber& self);

  // Graceful end, from a fiber of the same loop: no new connections, idle ones are closed, requests
  // under way are answered with `Connection: close`; what is left after `grace` is cut. serve()
  // returns soon after.
  void stop(Duration grace);

  Endpoint endpoint() const;  // With the port that the kernel chose.
  const HttpServerStats& stats() const;

  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

 private:
  friend class HttpConnection;
  struct State;
  explicit HttpServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace brunt
