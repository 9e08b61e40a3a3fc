#include "client/http_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "base/assert.h"
#include "client/exchange.h"
#include "client/http2_exchange.h"

namespace brunt {

struct HttpClient::Connection {
  HttpOrigin origin;
  // One of them; none while it is being dialled.
  std::unique_ptr<Stream> stream;
  std::unique_ptr<Http2Connection> http2;
  Endpoint peer;
  std::string_view tls_version, tls_cipher;
  std::uint64_t bytes_sent = 0, bytes_received = 0;  // What earlier replies have counted.
  std::uint64_t idle_since = 0;                      // In exchanges, not in time.
  std::uint32_t exchanges = 1;                       // Under way; whoever dials means to begin one.
  bool used = false;                                 // An exchange over it was completed.
  // Until an HTTP/2 server has said it: what it said on its other connections.
  std::size_t streams_expected = std::numeric_limits<std::size_t>::max();

  bool busy() const { return exchanges > 0; }
  bool dialing() const { return stream == nullptr && http2 == nullptr; }
  bool usable() const { return http2 != nullptr ? http2->usable() : stream->usable(); }
  // Takes one more exchange, if it is usable.
  bool has_room(const HttpClientOptions& options) const {
    if (!busy()) return true;
    if (http2 == nullptr || !options.reuse || !http2->usable()) return false;
    const std::size_t allowed = http2->streams_allowed();
    return exchanges < (http2->greeted() ? allowed : std::min(allowed, streams_expected));
  }
};

HttpOrigin HttpOrigin::of(const Url& url) {
  return {.host = url.host,
          .port = url.port,
          .transport = url.secure() ? Transport::tls : Transport::plain};
}

HttpClient::HttpClient(HttpContext& context, const HttpClientOptions& options)
    : context_(context), options_(options) {}

HttpClient::~HttpClient() {
  ASSERT(waiting_.empty());
  for (const auto& connection : connections_) ASSERT(!connection->busy());
}

void HttpClient::close_idle() {
  std::erase_if(connections_, [](const auto& connection) { return !connection->busy(); });
}

void HttpClient::close(Connection& connection) {
  std::erase_if(connections_, [&](const auto& other) { return other.get() == &connection; });
  wake_waiter();
}

// One that is of no more use goes when its last exchange has ended.
void HttpClient::give_back(Connection& connection, bool reusable) {
  --connection.exchanges;
  connection.used = true;
  connection.idle_since = ++exchanges_;
  if (!reusable && !connection.busy()) return close(connection);
  wake_waiter();
}

void HttpClient::wake_waiter() {
  if (waiting_.empty()) return;
  Fiber* const first = waiting_.front();
  waiting_.erase(waiting_.begin());
  first->wake();
}

void HttpClient::wake_all() {
  for (Fiber* const waiting : std::exchange(waiting_, {})) waiting->wake();
}

// The one that was used last: the others may go stale and be closed.
HttpClient::Connection* HttpClient::find_free(const HttpOrigin& origin) {
  while (true) {
    Connection* best = nullptr;
    for (const auto& connection : connections_) {
      if (connection->dialing() || !connection->has_room(options_) || connection->origin != origin)
        continue;
      if (best == nullptr || connection->idle_since > best->idle_since) best = connection.get();
    }
    if (best == nullptr || best->usable()) return best;
    close(*best);
  }
}

// Whether one more connection may be opened; for another origin the longest idle one gives way.
bool HttpClient::make_room(const HttpOrigin& origin) {
  std::size_t of_origin = 0;
  Connection* oldest = nullptr;
  for (const auto& connection : connections_) {
    if (connection->origin == origin) ++of_origin;
    if (connection->busy()) continue;
    if (oldest == nullptr || connection->idle_since < oldest->idle_since) oldest = connection.get();
  }
  if (of_origin >= options_.connections_origin_max) return false;
  if (connections_.size() < options_.connections_max) return true;
  if (oldest == nullptr) return false;
  close(*oldest);
  return true;
}

// Whether a connection that is being dialled may turn out to be one for many requests.
bool HttpClient::may_become_http2(const HttpOrigin& origin) const {
  if (origin.transport != Transport::tls || options_.versions == HttpVersions::http1 ||
      !options_.reuse)
    return false;
  return std::ranges::any_of(connections_,
                             [&](const auto& connection) {
                               return connection->dialing() && connection->origin == origin;
                             }) &&
         std::ranges::find(context_.http1_only, origin) == context_.http1_only.end();
}

Result<> HttpClient::wait_for_turn(Fiber& self, HttpExchange& exchange) {
  waiting_.push_back(&self);
  auto woken = self.park(exchange.deadline, "a free HTTP connection");
  // Any value: it says that there was a wait, until the real one is known.
  exchange.reply.timings.blocked = Duration(1);
  const auto place = std::ranges::find(waiting_, &self);
  const bool still_listed = place != waiting_.end();
  if (still_listed) waiting_.erase(place);
  // The turn was ours, and we do not take it.
  if (!woken && !still_listed) wake_waiter();
  return woken;
}

Result<HttpClient::Connection*> HttpClient::acquire(Fiber& self, HttpExchange& exchange) {
  const HttpOrigin& origin = exchange.call.origin;
  bool waited_for_dial = false;
  while (true) {
    if (!exchange.must_be_new) {
      if (Connection* const free = find_free(origin)) {
        ++free->exchanges;
        const bool waited = exchange.reply.timings.blocked > Duration::zero();
        exchange.ready = waited ? context_.loop.precise_now() : exchange.reply.timings.started;
        return free;
      }
    }
    const bool waits_for_dial = !waited_for_dial && may_become_http2(origin);
    if (!waits_for_dial && make_room(origin)) return dial(self, exchange);
    waited_for_dial = waited_for_dial || waits_for_dial;
    TRY(wait_for_turn(self, exchange));
  }
}

Result<HttpClient::Connection*> HttpClient::dial(Fiber& self, HttpExchange& exchange) {
  static const std::array<std::string, 2> alpn = {"h2", "http/1.1"};
  const HttpOrigin& origin = exchange.call.origin;
  const bool tls = origin.transport == Transport::tls;
  if (tls && context_.tls == nullptr)
    return fail(ErrorCode::unsupported, "https without a TLS context");
  // In the list while it is dialled, so that it counts; found again by its address, which stays.
  Connection& connection = *connections_.emplace_back(std::make_unique<Connection>());
  connection.origin = origin;
  const auto versions = std::span(alpn).subspan(options_.versions == HttpVersions::http1 ? 1 : 0);
  auto dialed = context_.dialer.dial(self,
                                     {.host = origin.host,
                                      .port = origin.port,
                                      .tls = tls ? context_.tls : nullptr,
                                      .server_name = options_.server_name,
                                      .alpn = versions},
                                     exchange.deadline);
  Result<> settled;
  if (dialed) {
    HttpTimings& timings = exchange.reply.timings;
    timings.looking_up = dialed->timings.looking_up();
    timings.connecting = dialed->timings.connecting();
    timings.tls_handshaking = dialed->timings.tls_handshaking();
    exchange.ready = dialed->timings.tls_handshaken;
    settled = settle(connection, *std::move(dialed));
  } else {
    settled = std::unexpected(std::move(dialed).error());
  }
  // Also who waited to see what it becomes.
  if (tls) wake_all();
  if (settled) return &connection;
  close(connection);
  return std::unexpected(std::move(settled).error());
}

// What was dialled becomes a connection of the version that the server chose.
Result<> HttpClient::settle(Connection& connection, Dialed dialed) {
  constexpr std::size_t http1_only_max = 64;
  connection.peer = dialed.stream->peer();
  connection.tls_version = dialed.tls.version;
  connection.tls_cipher = dialed.tls.cipher;
  if (dialed.tls.alpn == "h2") {
    for (const auto& other : connections_)
      if (other->http2 != nullptr && other->http2->greeted() && other->origin == connection.origin)
        connection.streams_expected = other->http2->streams_allowed();
    connection.http2 = TRY(Http2Connection::adopt(
        context_.loop, std::move(dialed), {.head_bytes_max = options_.limits.head_bytes_max}));
    return {};
  }
  connection.stream = std::move(dialed.stream);
  const bool was_offered = connection.origin.transport == Transport::tls &&
                           options_.versions == HttpVersions::http1_and_2;
  std::vector<HttpOrigin>& known = context_.http1_only;
  if (was_offered && known.size() < http1_only_max &&
      std::ranges::find(known, connection.origin) == known.end())
    known.push_back(connection.origin);
  return {};
}

Result<> HttpClient::transmit(Fiber& self, HttpExchange& exchange, Connection& connection) {
  exchange.phase = RequestPhase::send;
  const HttpCall& call = exchange.call;
  TRY(connection.stream->send(self, as_bytes(call.head), exchange.deadline));
  if (!call.body.empty())
    TRY(connection.stream->send(self, as_bytes(call.body), exchange.deadline));
  exchange.sent = context_.loop.precise_now();
  exchange.reply.timings.sending = exchange.sent - exchange.ready;
  return {};
}

Result<> HttpClient::receive(Fiber& self, HttpExchange& exchange, Connection& connection) {
  exchange.phase = RequestPhase::receive;
  HttpReply& reply = exchange.reply;
  Http1Parser parser(Http1Role::client, options_.limits);
  while (true) {
    const ByteView bytes = TRY(connection.stream->receive(self, exchange.deadline));
    if (bytes.empty() && !exchange.answered)
      return fail(ErrorCode::closed, "closed before the first byte of the response");
    const Instant arrived =
        arrival(context_.loop, exchange.answered ? exchange.last_byte : exchange.sent);
    exchange.last_byte = arrived;
    if (!exchange.answered) {
      exchange.answered = true;
      exchange.first_byte = arrived;
      reply.timings.waiting = arrived - exchange.sent;
      reply.lease = context_.buffers.message();
      parser.begin(*reply.lease, exchange.call.expect);
    }
    std::size_t used = 0;
    if (bytes.empty())
      TRY(parser.finish());
    else
      used = TRY(parser.feed(bytes));
    if (!parser.done()) continue;
    reply.timings.receiving = exchange.last_byte - exchange.first_byte;
    if (parser.upgraded())
      return fail(ErrorCode::unsupported, "status 101 Switching Protocols was not asked for");
    // Bytes after the response's end were not asked for either: nothing good would follow.
    exchange.reusable = reply.lease->keep_alive() && used == bytes.size() && options_.reuse;
    return {};
  }
}

void HttpClient::describe(const Connection& connection, HttpReply& reply) {
  reply.remote = connection.peer;
  reply.tls_version = connection.tls_version;
  reply.tls_cipher = connection.tls_cipher;
  reply.connection_reused = connection.used || connection.exchanges > 1;
}

// Of several requests on one connection, the one that ends first counts what came until then.
void HttpClient::count(Connection& connection, HttpReply& reply) {
  const std::uint64_t sent =
      connection.http2 ? connection.http2->bytes_sent() : connection.stream->bytes_sent();
  const std::uint64_t received =
      connection.http2 ? connection.http2->bytes_received() : connection.stream->bytes_received();
  reply.bytes_sent += sent - connection.bytes_sent;
  reply.bytes_received += received - connection.bytes_received;
  connection.bytes_sent = sent;
  connection.bytes_received = received;
}

// What it lasted until it failed counts as the part in which it failed, as k6 does.
Result<> HttpClient::failed(HttpExchange& exchange, Error error) {
  const Instant now = context_.loop.precise_now();
  HttpTimings& timings = exchange.reply.timings;
  if (exchange.phase == RequestPhase::dial) timings.blocked = Duration::zero();
  if (exchange.phase == RequestPhase::send) timings.sending = now - exchange.ready;
  if (exchange.phase == RequestPhase::receive && !exchange.answered)
    timings.waiting = now - exchange.sent;
  if (exchange.phase == RequestPhase::receive && exchange.answered)
    timings.receiving = now - std::max(exchange.first_byte, exchange.sent);
  exchange.reply.lease.reset();
  const bool cancelled = error.code == ErrorCode::cancelled;
  exchange.reply.failure =
      exchange.fault
          ? failure_of(*exchange.fault, std::move(error), exchange.phase)
          : failure_of(std::move(error), exchange.phase,
                       now >= exchange.deadline ? DeadlineState::passed : DeadlineState::running);
  if (cancelled) return fail(ErrorCode::cancelled, "the request was cancelled");
  return {};
}

Result<> HttpClient::talk(Fiber& self, HttpExchange& exchange, Connection& connection) {
  if (connection.http2 != nullptr)
    return Http2Exchange(context_, options_.limits, *connection.http2, exchange).run(self);
  TRY(transmit(self, exchange, connection));
  return receive(self, exchange, connection);
}

// After a failure: whether a second try is worth it and does no harm.
bool HttpClient::may_repeat(const HttpExchange& exchange, const Connection& connection,
                            ErrorCode code) const {
  // A server may let each connection serve a few requests only.
  constexpr std::uint32_t goodbyes_max = 6;
  if (exchange.unprocessed) {
    const bool moves_on = exchange.fault && exchange.fault->of == Http2Fault::Of::going_away;
    return exchange.put_off < (moves_on ? goodbyes_max : 1);
  }
  const bool went_stale = !exchange.reply.retried && connection.used && !exchange.answered &&
                          !exchange.fault &&
                          (code == ErrorCode::reset || code == ErrorCode::closed);
  return went_stale && exchange.call.repeatable;
}

Result<> HttpClient::send(Fiber& self, const HttpCall& call, HttpReply& reply, Instant deadline) {
  reply.reset();
  reply.timings.started = context_.loop.precise_now();
  HttpExchange exchange{.call = call, .reply = reply, .deadline = deadline};
  while (true) {
    exchange.phase = RequestPhase::dial;
    auto acquired = acquire(self, exchange);
    if (!acquired) return failed(exchange, std::move(acquired).error());
    Connection& connection = **acquired;
    reply.timings.blocked = exchange.ready - reply.timings.started;
    describe(connection, reply);
    Result<> done = talk(self, exchange, connection);
    count(connection, reply);
    const bool repeats = !done && may_repeat(exchange, connection, done.error().code);
    if (connection.http2 != nullptr)
      give_back(connection, options_.reuse && connection.http2->usable());
    else if (done && exchange.reusable)
      give_back(connection, true);
    else
      close(connection);
    if (done) return {};
    if (!repeats) return failed(exchange, std::move(done).error());
    reply.retried = true;
    // On another connection, unless the server has only put it off.
    exchange.must_be_new = !exchange.unprocessed;
    if (std::exchange(exchange.unprocessed, false)) ++exchange.put_off;
    exchange.fault.reset();
    reply.timings.sending = reply.timings.waiting = Duration::zero();
  }
}

}  // namespace brunt
