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

Result<FrameAck> FrameClient::receive(Fiber& self, Exchange& exchange) {
  FrameAckDecoder decoder(options_.layout);
  while (true) {
    ByteView bytes = TRY(connection_.receive(self, exchange));
    if (bytes.empty())
      return fail(ErrorCode::closed,
                  std::string(decoder.in_message() ? closed_within : closed_before));
    const auto ack = decoder.next(bytes);
    if (!ack) continue;
    if (!bytes.empty()) return fail(ErrorCode::malformed, std::string(bytes_behind));
    return *ack;
  }
}

Result<> FrameClient::talk(Fiber& self, const FrameRequest& request, std::string_view bytes,
                           Exchange& exchange) {
  if (TRY(connection_.connect(self, exchange))) connection_.established(exchange, exchange.ready);
  TRY(connection_.send(self, exchange, bytes));
  const FrameAck ack = TRY(receive(self, exchange));
  return check_ack(ack, request, options_.layout);
}

Result<> FrameClient::send(Fiber& self, const FrameRequest& request, std::string& scratch,
                           FrameReply& reply, Instant deadline) {
  scratch.clear();
  TRY(append_frame_request(scratch, options_.layout, request));
  Exchange exchange = connection_.begin(reply, deadline);
  return connection_.end(exchange, talk(self, request, scratch, exchange), own_message);
}

}  // namespace brunt
