#include "client/exchange.h"

#include <utility>

#include "base/bytes.h"

namespace brunt {

Exchange SoleConnection::begin(ExchangeReply& reply, Instant deadline) const {
  std::string body = std::move(reply.body);
  reply = {};
  reply.body = std::move(body);
  reply.body.clear();
  reply.started = loop_.precise_now();
  return {.reply = reply, .deadline = deadline};
}

Result<bool> SoleConnection::connect(Fiber& self, Exchange& exchange) {
  if (stream_ != nullptr && !stream_->usable()) stream_.reset();
  if (stream_ != nullptr) {
    exchange.ready = exchange.reply.started;
    exchange.bytes_sent = stream_->bytes_sent();
    exchange.bytes_received = stream_->bytes_received();
    return false;
  }
  const DialTarget target{
      .host = target_.host, .port = target_.port, .tls = tls_, .server_name = {}, .alpn = {}};
  Dialed made = TRY(dialer_.dial(self, target, exchange.deadline));
  stream_ = std::move(made.stream);
  exchange.dialed = made.timings.started;
  exchange.ready = made.timings.tls_handshaken;
  return true;
}

void SoleConnection::established(Exchange& exchange, Instant ready) const {
  exchange.ready = ready;
  exchange.reply.connected = true;
  exchange.reply.setup = ready - exchange.dialed;
  exchange.reply.blocked = ready - exchange.reply.started;
  exchange.reply.duration = {};
}

Result<> SoleConnection::greet(Fiber& self, Exchange& exchange, std::string_view bytes) {
  return stream_->send(self, as_bytes(bytes), exchange.deadline);
}

Result<> SoleConnection::send(Fiber& self, Exchange& exchange, std::string_view bytes) {
  exchange.phase = RequestPhase::send;
  exchange.reply.sent = true;
  TRY(stream_->send(self, as_bytes(bytes), exchange.deadline));
  exchange.phase = RequestPhase::receive;
  return {};
}

Result<ByteView> SoleConnection::receive(Fiber& self, Exchange& exchange) {
  const ByteView bytes = TRY(stream_->receive(self, exchange.deadline));
  exchange.reply.duration = arrival(loop_, exchange.ready) - exchange.ready;
  return bytes;
}

Result<> SoleConnection::end(Exchange& exchange, Result<> done, OwnMessage own_message) {
  if (exchange.reply.sent) {
    exchange.reply.bytes_sent = stream_->bytes_sent() - exchange.bytes_sent;
    exchange.reply.bytes_received = stream_->bytes_received() - exchange.bytes_received;
  }
  return done ? Result<>() : failed(exchange, std::move(done).error(), own_message);
}

Result<> SoleConnection::failed(Exchange& exchange, Error error, OwnMessage own_message) {
  const Instant now = loop_.precise_now();
  ExchangeReply& reply = exchange.reply;
  reply.duration = reply.sent ? now - exchange.ready : Duration{};
  if (!reply.sent) reply.blocked = now - reply.started;
  reply.body.clear();
  stream_.reset();
  const bool cancelled = error.code == ErrorCode::cancelled;
  const std::string_view own = own_message(error, exchange.phase);
  reply.failure =
      failure_of(std::move(error), exchange.phase,
                 now >= exchange.deadline ? DeadlineState::passed : DeadlineState::running);
  if (!own.empty()) reply.failure->message = own;
  if (cancelled) return fail(ErrorCode::cancelled, "the request was cancelled");
  return {};
}

}  // namespace brunt
