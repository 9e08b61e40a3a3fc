#include "client/http1_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/assert.h"
#include "client/exchange.h"

namespace brunt {

struct Http1Client::Connection {
  HttpOrigin origin;
  std::unique_ptr<Stream> stream;  // None while it is being dialled.
  Endpoint peer;
  std::string_view tls_version, tls_cipher;
  std::uint64_t bytes_sent = 0, bytes_received = 0;  // What earlier replies have counted.
  std::uint64_t idle_since = 0;                      // In exchanges, not in time.
  bool busy = true;
  bool used = false;  // An exchange over it was completed.
};

struct Http1Client::Exchange {
  const Http1Call& call;
  HttpReply& reply;
  Instant deadline;
  Instant ready{}, sent{}, first_byte{}, last_byte{};
  RequestPhase phase = RequestPhase::dial;
  bool answered = false;     // A byte of the response has come.
  bool reusable = false;     // The connection may serve another request.
  bool must_be_new = false;  // A second try takes no connection that lay idle.
};

HttpOrigin HttpOrigin::of(const Url& url) {
  return {.host = url.host,
          .port = url.port,
          .transport = url.secure() ? Transport::tls : Transport::plain};
}

Http1Client::Http1Client(HttpContext& context, const HttpClientOptions& options)
    : context_(context), options_(options) {}

Http1Client::~Http1Client() {
  ASSERT(waiting_.empty());
  for (const auto& connection : connections_) ASSERT(!connection->busy);
}

void Http1Client::close_idle() {
  std::erase_if(connections_, [](const auto& connection) { return !connection->busy; });
}

void Http1Client::close(Connection& connection) {
  std::erase_if(connections_, [&](const auto& other) { return other.get() == &connection; });
  wake_waiter();
}

void Http1Client::give_back(Connection& connection) {
  connection.used = true;
  connection.busy = false;
  connection.idle_since = ++exchanges_;
  wake_waiter();
}

void Http1Client::wake_waiter() {
  if (waiting_.empty()) return;
  Fiber* const first = waiting_.front();
  waiting_.erase(waiting_.begin());
  first->wake();
}

// The one that was used last: the others may go stale and be closed.
Http1Client::Connection* Http1Client::find_idle(const HttpOrigin& origin) {
  while (true) {
    Connection* best = nullptr;
    for (const auto& connection : connections_) {
      if (connection->busy || connection->origin != origin) continue;
      if (best == nullptr || connection->idle_since > best->idle_since) best = connection.get();
    }
    if (best == nullptr || best->stream->usable()) return best;
    close(*best);
  }
}

// Whether one more connection may be opened; for another origin the longest idle one gives way.
bool Http1Client::make_room(const HttpOrigin& origin) {
  std::size_t of_origin = 0;
  Connection* oldest = nullptr;
  for (const auto& connection : connections_) {
    if (connection->origin == origin) ++of_origin;
    if (connection->busy) continue;
    if (oldest == nullptr || connection->idle_since < oldest->idle_since) oldest = connection.get();
  }
  if (of_origin >= options_.connections_origin_max) return false;
  if (connections_.size() < options_.connections_max) return true;
  if (oldest == nullptr) return false;
  close(*oldest);
  return true;
}

Result<Http1Client::Connection*> Http1Client::acquire(Fiber& self, Exchange& exchange) {
  const HttpOrigin& origin = exchange.call.origin;
  while (true) {
    if (!exchange.must_be_new) {
      if (Connection* const idle = find_idle(origin)) {
        idle->busy = true;
        const bool waited = exchange.reply.timings.blocked > Duration::zero();
        exchange.ready = waited ? context_.loop.precise_now() : exchange.reply.timings.started;
        return idle;
      }
    }
    if (make_room(origin)) return dial(self, exchange);
    waiting_.push_back(&self);
    const auto woken = self.park(exchange.deadline, "a free HTTP connection");
    // Any value: it says that there was a wait, until the real one is known.
    exchange.reply.timings.blocked = Duration(1);
    const auto place = std::ranges::find(waiting_, &self);
    const bool still_listed = place != waiting_.end();
    if (still_listed) waiting_.erase(place);
    if (woken) continue;
    if (!still_listed) wake_waiter();  // The turn was ours, and we do not take it.
    return std::unexpected(woken.error());
  }
}

Result<Http1Client::Connection*> Http1Client::dial(Fiber& self, Exchange& exchange) {
  static const std::array<std::string, 1> alpn = {"http/1.1"};
  const HttpOrigin& origin = exchange.call.origin;
  const bool tls = origin.transport == Transport::tls;
  if (tls && context_.tls == nullptr)
    return fail(ErrorCode::unsupported, "https without a TLS context");
  // In the list while it is dialled, so that it counts; found again by its address, which stays.
  Connection& connection = *connections_.emplace_back(std::make_unique<Connection>());
  connection.origin = origin;
  auto dialed = context_.dialer.dial(self,
                                     {.host = origin.host,
                                      .port = origin.port,
                                      .tls = tls ? context_.tls : nullptr,
                                      .server_name = options_.server_name,
                                      .alpn = alpn},
                                     exchange.deadline);
  if (!dialed) {
    close(connection);
    return std::unexpected(std::move(dialed).error());
  }
  connection.stream = std::move(dialed->stream);
  connection.peer = connection.stream->peer();
  connection.tls_version = dialed->tls.version;
  connection.tls_cipher = dialed->tls.cipher;
  HttpTimings& timings = exchange.reply.timings;
  timings.looking_up = dialed->timings.looking_up();
  timings.connecting = dialed->timings.connecting();
  timings.tls_handshaking = dialed->timings.tls_handshaking();
  exchange.ready = dialed->timings.tls_handshaken;
  return &connection;
}

Result<> Http1Client::transmit(Fiber& self, Exchange& exchange, Connection& connection) {
  exchange.phase = RequestPhase::send;
  const Http1Call& call = exchange.call;
  TRY(connection.stream->send(self, as_bytes(call.head), exchange.deadline));
  if (!call.body.empty())
    TRY(connection.stream->send(self, as_bytes(call.body), exchange.deadline));
  exchange.sent = context_.loop.precise_now();
  exchange.reply.timings.sending = exchange.sent - exchange.ready;
  return {};
}

Result<> Http1Client::receive(Fiber& self, Exchange& exchange, Connection& connection) {
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

void Http1Client::describe(const Connection& connection, HttpReply& reply) {
  reply.remote = connection.peer;
  reply.tls_version = connection.tls_version;
  reply.tls_cipher = connection.tls_cipher;
  reply.connection_reused = connection.used;
}

void Http1Client::count(Connection& connection, HttpReply& reply) {
  const std::uint64_t sent = connection.stream->bytes_sent();
  const std::uint64_t received = connection.stream->bytes_received();
  reply.bytes_sent += sent - connection.bytes_sent;
  reply.bytes_received += received - connection.bytes_received;
  connection.bytes_sent = sent;
  connection.bytes_received = received;
}

// What it lasted until it failed counts as the part in which it failed, as k6 does.
Result<> Http1Client::failed(Exchange& exchange, Error error) {
  const Instant now = context_.loop.precise_now();
  HttpTimings& timings = exchange.reply.timings;
  if (exchange.phase == RequestPhase::dial) timings.blocked = Duration::zero();
  if (exchange.phase == RequestPhase::send) timings.sending = now - exchange.ready;
  if (exchange.phase == RequestPhase::receive && !exchange.answered)
    timings.waiting = now - exchange.sent;
  if (exchange.phase == RequestPhase::receive && exchange.answered)
    timings.receiving = now - exchange.first_byte;
  exchange.reply.lease.reset();
  const bool cancelled = error.code == ErrorCode::cancelled;
  exchange.reply.failure =
      failure_of(std::move(error), exchange.phase,
                 now >= exchange.deadline ? DeadlineState::passed : DeadlineState::running);
  if (cancelled) return fail(ErrorCode::cancelled, "the request was cancelled");
  return {};
}

Result<> Http1Client::send(Fiber& self, const Http1Call& call, HttpReply& reply, Instant deadline) {
  reply.reset();
  reply.timings.started = context_.loop.precise_now();
  Exchange exchange{.call = call, .reply = reply, .deadline = deadline};
  while (true) {
    exchange.phase = RequestPhase::dial;
    auto acquired = acquire(self, exchange);
    if (!acquired) return failed(exchange, std::move(acquired).error());
    Connection& connection = **acquired;
    reply.timings.blocked = exchange.ready - reply.timings.started;
    describe(connection, reply);
    Result<> done = transmit(self, exchange, connection);
    if (done) done = receive(self, exchange, connection);
    count(connection, reply);
    if (done) {
      if (exchange.reusable)
        give_back(connection);
      else
        close(connection);
      return {};
    }
    const ErrorCode code = done.error().code;
    const bool went_stale = connection.used && !exchange.answered &&
                            (code == ErrorCode::reset || code == ErrorCode::closed);
    close(connection);
    if (!went_stale || !call.repeatable || reply.retried)
      return failed(exchange, std::move(done).error());
    reply.retried = exchange.must_be_new = true;
    reply.timings.sending = Duration::zero();
  }
}

}  // namespace brunt
