#include "server/http_connection.h"

#include <exception>

#include "base/json.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t exchange_bytes_kept = 64u << 10u;
constexpr std::size_t exchanges_kept = 1024;
constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";

// A client that is still sending when we refuse gets the answer only if we go on reading for a
// while: closing with unread bytes resets the connection.
constexpr Duration linger_time = 1s;
constexpr std::size_t linger_bytes_max = 4u << 20u;

}  // namespace

std::unique_ptr<HttpExchange> HttpServer::State::take_exchange() {
  if (exchanges.empty()) return std::make_unique<HttpExchange>();
  auto exchange = std::move(exchanges.back());
  exchanges.pop_back();
  return exchange;
}

void HttpServer::State::give_back(std::unique_ptr<HttpExchange> exchange) {
  if (exchanges.size() >= exchanges_kept) return;
  HttpConnection::shrink(*exchange);
  exchanges.push_back(std::move(exchange));
}

void HttpConnection::shrink(HttpExchange& exchange) {
  exchange.request.clear();
  exchange.request.shrink(exchange_bytes_kept);
  exchange.response.shrink(exchange_bytes_kept);
  if (exchange.rest.capacity() > exchange_bytes_kept) exchange.rest = std::string();
}

HttpConnection::HttpConnection(HttpServer::State& server, std::unique_ptr<Stream> stream)
    : server_(server),
      stream_(std::move(stream)),
      parser_(Http1Role::server, server.limits),
      index_(server.connections.size()) {
  server_.connections.push_back(this);
  server_.stats.connections_open.add();
}

HttpConnection::~HttpConnection() {
  server_.connections[index_] = server_.connections.back();
  server_.connections[index_]->index_ = index_;
  server_.connections.pop_back();
  server_.stats.connections_open.subtract();
  if (server_.drainer != nullptr && server_.connections.empty()) server_.drainer->wake();
}

void HttpConnection::wind_down() {
  if (!busy_) cut();
}

void HttpConnection::cut() {
  if (self_ != nullptr) self_->cancel();
}

bool HttpConnection::handshake() {
  if (server_.tls == nullptr) return true;
  auto connection = tls_accept(*self_, std::move(stream_), *server_.tls,
                               self_->now() + server_.options.limits.handshake_timeout);
  if (!connection) return false;
  stream_ = std::move(connection->stream);
  return true;
}

void HttpConnection::run(Fiber& self) {
  self_ = &self;
  if (!handshake()) return;
  while (!server_.stopping) {
    const auto bytes = stream_->receive(self, self.now() + server_.options.limits.idle_timeout);
    if (!bytes || bytes->empty()) return;
    busy_ = true;
    auto exchange = server_.take_exchange();
    exchange->rest.clear();
    bool goes_on = serve_one(*exchange, *bytes);
    while (goes_on && !exchange->rest.empty()) {
      const std::string pipelined = std::move(exchange->rest);
      exchange->rest.clear();
      goes_on = serve_one(*exchange, as_bytes(pipelined));
    }
    server_.give_back(std::move(exchange));
    busy_ = false;
    if (!goes_on) return;
  }
}

bool HttpConnection::serve_one(HttpExchange& exchange, ByteView bytes) {
  if (!read_request(exchange, bytes)) return false;
  answer(exchange);
  HttpResponseWriter& response = exchange.response;
  if (server_.stopping) response.close_connection();
  if (!response.send(*self_)) return false;
  return !response.close_ && response.keep_alive_;
}

// Reads until the request is whole; false if there will be no answer by the handler.
bool HttpConnection::read_request(HttpExchange& exchange, ByteView bytes) {
  const Instant deadline = self_->now() + server_.options.limits.request_timeout;
  parser_.begin(exchange.request, {});
  bool told_to_continue = false;
  for (;;) {
    const auto used = parser_.feed(bytes);
    if (!used) {
      refuse(exchange, used.error());
      return false;
    }
    if (parser_.done()) {
      exchange.rest.assign(as_text(bytes.subspan(*used)));
      return true;
    }
    if (parser_.head_done() && exchange.request.expects_continue() && !told_to_continue) {
      told_to_continue = true;
      if (!stream_->send(*self_, as_bytes(continue_line), deadline)) return false;
    }
    auto more = stream_->receive(*self_, deadline);
    if (!more && more.error().code == ErrorCode::timeout)
      refuse(exchange, 408, "the request did not arrive whole in time");
    if (!more || more->empty()) return false;
    bytes = *more;
  }
}

void HttpConnection::answer(HttpExchange& exchange) {
  HttpResponseWriter& response = exchange.response;
  response.begin(exchange.request, *stream_);
  response.date_ = server_.date();
  response.server_name_ = server_.options.server_name;
  response.send_timeout_ = server_.options.limits.send_timeout;
  server_.stats.requests.add();
  std::string thrown;
  try {
    server_.handler(*self_, HttpRequestView(exchange.request, *stream_), response);
    return;
  } catch (const std::exception& exception) {
    thrown = exception.what();
  } catch (...) {
    thrown = "something that is no std::exception";
  }
  server_.stats.thrown_500.add();
  response.set_status(500);
  response.set_content_type("application/json");
  response.body() = R"({"error":)";
  append_json_string(response.body(), "the handler failed: " + thrown);
  response.body() += "}";
}

void HttpConnection::refuse(HttpExchange& exchange, const Error& error) {
  if (error.code != ErrorCode::too_large) return refuse(exchange, 400, error.text);
  refuse(exchange, parser_.head_fitted() ? 413 : 431, error.text);
}

void HttpConnection::refuse(HttpExchange& exchange, std::uint16_t status, std::string_view text) {
  HttpServerStats& stats = server_.stats;
  Counter& counter = status == 408   ? stats.timeout_408
                     : status == 413 ? stats.too_large_413
                     : status == 431 ? stats.too_large_431
                                     : stats.malformed_400;
  counter.add();
  HttpResponseWriter& response = exchange.response;
  response.begin(exchange.request, *stream_);
  response.date_ = server_.date();
  response.server_name_ = server_.options.server_name;
  response.send_timeout_ = server_.options.limits.send_timeout;
  response.answers_head_ = false;
  response.set_status(status);
  response.set_content_type("application/json");
  response.body() = R"({"error":)";
  append_json_string(response.body(), text);
  response.body() += "}";
  response.close_connection();
  if (response.send(*self_)) linger();
}

void HttpConnection::linger() {
  stream_->finish();
  const Instant deadline = self_->now() + linger_time;
  for (std::size_t left = linger_bytes_max; left > 0;) {
    const auto bytes = stream_->receive(*self_, deadline);
    if (!bytes || bytes->empty()) return;
    left -= std::min(left, bytes->size());
  }
}

}  // namespace brunt
