#include "server/http_server.h"

#include "base/assert.h"
#include "loop/fiber_group.h"
#include "server/http_connection.h"
#include "wire/http_date.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view too_many_connections =
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n"
    "Content-Type: application/json\r\nContent-Length: 32\r\n\r\n"
    R"({"error":"too many connections"})";

}  // namespace

std::string_view HttpServer::State::date() {
  if (loop.now() >= date_until || date_text.empty()) {
    const WallTime wall = loop.wall();
    date_text.clear();
    append_http_date(date_text, wall);
    date_until = loop.now() + (1s - Duration(wall.unix_ns % 1'000'000'000));
  }
  return date_text;
}

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

HttpServer::~HttpServer() {
  ASSERT(state_->connections.empty());
}

Result<std::unique_ptr<HttpServer>> HttpServer::listen(Loop& loop, const HttpServerOptions& options,
                                                       Handler handler) {
  auto state = std::make_unique<State>(loop, options, std::move(handler));
  state->limits.head_bytes_max = options.limits.header_bytes_max;
  state->limits.start_line_max =
      std::min(state->limits.start_line_max, options.limits.header_bytes_max);
  state->limits.fields_max = options.limits.fields_max;
  state->limits.body_bytes_max = options.limits.body_bytes_max;
  if (options.tls) state->tls = TRY(TlsContext::server(*options.tls));
  state->listener = TRY(loop.listen({.at = options.at, .reuse_port = options.reuse_port}));
  state->endpoint = state->listener->local();
  // make_unique cannot reach a private constructor.
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

void HttpServer::serve(Fiber& self) {
  State& state = *state_;
  FiberGroup group(state.loop);
  const auto accept = [&](Fiber& acceptor) {
    state.acceptor = &acceptor;
    while (!state.stopping) {
      auto stream = state.listener->accept(acceptor, far_future);
      if (!stream && stream.error().code == ErrorCode::cancelled) break;
      if (!stream) continue;  // Out of descriptors: accept() has paused already.
      state.stats.connections_accepted.add();
      if (state.connections.size() >= state.options.limits.connections_max) {
        state.stats.connections_refused.add();
        if (state.tls == nullptr)
          static_cast<void>(
              (*stream)->send(acceptor, as_bytes(too_many_connections), acceptor.now() + 100ms));
        continue;
      }
      const auto spawned = group.spawn("http connection",
                                       [&state, stream = std::move(*stream)](Fiber& fiber) mutable {
                                         HttpConnection(state, std::move(stream)).run(fiber);
                                       });
      if (!spawned) state.stats.connections_refused.add();
    }
    state.acceptor = nullptr;
    state.listener.reset();  // Who comes now is refused by the kernel.
  };
  state.group = &group;
  if (!state.stopping && group.spawn("http accept", accept)) static_cast<void>(group.join(self));
  state.group = nullptr;
}

void HttpServer::stop(Duration grace) {
  State& state = *state_;
  if (state.stopping) return;
  state.stopping = true;
  if (state.acceptor != nullptr) state.acceptor->cancel();
  for (HttpConnection* connection : state.connections) connection->wind_down();
  if (state.group == nullptr) return;
  const auto drain = [&state, grace](Fiber& drainer) {
    state.drainer = &drainer;
    const Instant deadline = drainer.now() + grace;
    while (!state.connections.empty() && drainer.park(deadline, "the last requests")) {
    }
    state.drainer = nullptr;
    for (HttpConnection* connection : state.connections) connection->cut();
  };
  if (!state.group->spawn("http drain", drain))
    for (HttpConnection* connection : state.connections) connection->cut();
}

Endpoint HttpServer::endpoint() const {
  return state_->endpoint;
}
const HttpServerStats& HttpServer::stats() const {
  return state_->stats;
}

}  // namespace brunt
