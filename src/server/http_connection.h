// One connection of an HttpServer: reads requests, calls the handler, sends answers. Lives on its
// fiber's stack. Not for use outside server/.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "loop/fiber_group.h"
#include "server/http_server.h"

namespace brunt {

// What a request under way needs; lent to a connection, warm from the ones before.
struct HttpExchange {
  HttpMessage request;
  HttpResponseWriter response;
  std::string rest;  // What came after the current request: pipelined ones.
};

class HttpConnection;

struct HttpServer::State {
  State(Loop& its_loop, HttpServerOptions its_options, Handler its_handler)
      : loop(its_loop), options(std::move(its_options)), handler(std::move(its_handler)) {}

  std::unique_ptr<HttpExchange> take_exchange();
  void give_back(std::unique_ptr<HttpExchange> exchange);
  std::string_view date();

  Loop& loop;
  HttpServerOptions options;
  Handler handler;
  Http1Limits limits;
  std::unique_ptr<TlsContext> tls;
  std::unique_ptr<Listener> listener;
  HttpServerStats stats;
  std::vector<std::unique_ptr<HttpExchange>> exchanges;  // Free ones.
  std::vector<HttpConnection*> connections;
  Fiber* acceptor = nullptr;
  bool stopping = false;
  Fiber* drainer = nullptr;     // Waits for the last connection to end.
  FiberGroup* group = nullptr;  // While serve() runs.
  Endpoint endpoint;
  std::string date_text;
  Instant date_until{};
};

class HttpConnection {
 public:
  HttpConnection(HttpServer::State& server, std::unique_ptr<Stream> stream);
  ~HttpConnection();

  void run(Fiber& self);

  // Ends it now if no request is under way, else after that request.
  void wind_down();
  void cut();

  // So that one large request does not keep its memory for ever.
  static void shrink(HttpExchange& exchange);

  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

 private:
  bool handshake();
  bool serve_one(HttpExchange& exchange, ByteView bytes);
  bool read_request(HttpExchange& exchange, ByteView bytes);
  void answer(HttpExchange& exchange);
  void refuse(HttpExchange& exchange, std::uint16_t status, std::string_view text);
  void refuse(HttpExchange& exchange, const Error& error);
  void linger();

  HttpServer::State& server_;
  std::unique_ptr<Stream> stream_;
  Http1Parser parser_;
  Fiber* self_ = nullptr;
  std::size_t index_;  // In the server's list.
  bool busy_ = false;  // A request has begun and is not answered.
};

}  // namespace brunt
