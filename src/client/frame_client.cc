#include "client/frame_client.h"

#include <fmt/format.h>

#include <utility>

namespace brunt {
namespace {

constexpr std::string_view closed_before = "closed before the ACK";
constexpr std::string_view closed_within = "closed within the ACK";
constexpr std::string_view bytes_behind = "bytes behind the ACK";

// The literal for a tag, where this protocol has one of its own; "" where HTTP's words do.
std::string_view own_message(const Error& error, RequestPhase phase) {
  if (phase != RequestPhase::receive) return {};
  for (const std::string_view message :
       {closed_before, closed_within, bytes_behind, std::string_view("wrong ACK: another client"),
        std::string_view("wrong ACK: an earlier message"),
        std::string_view("wrong ACK: a later message")})
    if (error.text.starts_with(message)) return message;
  return {};
}

Result<> check_ack(const FrameAck& ack, const FrameRequest& sent, const FrameLayout& layout) {
  const FrameAck wanted{.client_id = layout.client_id_bytes > 0 ? sent.client_id : 0,
                        .message_id = layout.message_id_bytes > 0 ? sent.message_id : 0};
  if (ack == wanted) return {};
  const std::string_view what = ack.client_id != wanted.client_id    ? "another client"
                                : ack.message_id < wanted.message_id ? "an earlier message"
                                                                     : "a later message";
  return fail(
      ErrorCode::malformed,
      fmt::format("wrong ACK: {}: it is for client {}, message {}; sent was client {}, "
                  "message {}",
                  what, ack.client_id, ack.message_id, wanted.client_id, wanted.message_id));
}

}  // namespace

struct FrameClient::Exchange {
  FrameReply& reply;
  Instant deadline;
  Instant ready{};
  RequestPhase phase = RequestPhase::dial;
  std::uint64_t bytes_sent = 0, bytes_received = 0;  // Of the connection, before this message.
};

Result<> FrameClient::connect(Fiber& self, Exchange& exchange) {
  if (stream_ != nullptr && !stream_->usable()) stream_.reset();
  if (stream_ != nullptr) {
    exchange.ready = exchange.reply.started;
    exchange.bytes_sent = stream_->bytes_sent();
    exchange.bytes_received = stream_->bytes_received();
    return {};
  }
  Dialed dialed = TRY(dialer_.dial(
      self, {.host = options_.target.host, .port = options_.target.port}, exchange.deadline));
  stream_ = std::move(dialed.stream);
  exchange.ready = dialed.timings.tls_handshaken;
  exchange.reply.connected = true;
  exchange.reply.setup = dialed.timings.tls_handshaken - dialed.timings.started;
  exchange.reply.blocked = exchange.ready - exchange.reply.started;
  return {};
}

Result<FrameAck> FrameClient::receive(Fiber& self, Exchange& exchange) {
  FrameAckDecoder decoder(options_.layout);
  while (true) {
    ByteView bytes = TRY(stream_->receive(self, exchange.deadline));
    // The turn began when these bytes were there: what other fibers have done in it since is no
    // delay of the target. Bytes that came without a wait are the exception.
    const Instant turn = loop_.now();
    const Instant arrived = turn >= exchange.ready ? turn : loop_.precise_now();
    exchange.reply.duration = arrived - exchange.ready;
    if (bytes.empty())
      return fail(ErrorCode::closed,
                  std::string(decoder.in_message() ? closed_within : closed_before));
    const auto ack = decoder.next(bytes);
    if (!ack) continue;
    if (!bytes.empty()) return fail(ErrorCode::malformed, std::string(bytes_behind));
    return *ack;
  }
}

Result<> FrameClient::failed(Exchange& exchange, Error error) {
  const Instant now = loop_.precise_now();
  FrameReply& reply = exchange.reply;
  if (reply.sent) reply.duration = now - exchange.ready;
  if (!reply.sent) reply.blocked = now - reply.started;
  stream_.reset();
  const bool cancelled = error.code == ErrorCode::cancelled;
  const std::string_view own = own_message(error, exchange.phase);
  reply.failure =
      failure_of(std::move(error), exchange.phase,
                 now >= exchange.deadline ? DeadlineState::passed : DeadlineState::running);
  if (!own.empty()) reply.failure->message = own;
  if (cancelled) return fail(ErrorCode::cancelled, "the message was cancelled");
  return {};
}

Result<> FrameClient::send(Fiber& self, const FrameRequest& request, std::string& scratch,
                           FrameReply& reply, Instant deadline) {
  reply = {};
  scratch.clear();
  TRY(append_frame_request(scratch, options_.layout, request));
  reply.started = loop_.precise_now();
  Exchange exchange{.reply = reply, .deadline = deadline};
  if (auto done = connect(self, exchange); !done) return failed(exchange, std::move(done).error());
  exchange.phase = RequestPhase::send;
  reply.sent = true;
  Result<> done = stream_->send(self, as_bytes(scratch), deadline);
  if (done) {
    exchange.phase = RequestPhase::receive;
    const auto ack = receive(self, exchange);
    done = ack ? check_ack(*ack, request, options_.layout) : Result<>(std::unexpected(ack.error()));
  }
  reply.bytes_sent = stream_->bytes_sent() - exchange.bytes_sent;
  reply.bytes_received = stream_->bytes_received() - exchange.bytes_received;
  return done ? Result<>() : failed(exchange, std::move(done).error());
}

}  // namespace brunt
