// A client of length-prefixed messages (wire/frame.h): one connection, one message at a time, each
// after the last one's ACK, which is checked.
//
// Belongs to one loop; each virtual user has its own. The connection is made when the first message
// is sent, and again after a failure; what the target did is in the reply, as with HTTP. A message
// is never sent twice: one that was not acknowledged may have been stored.
//
//   FrameClient client(loop, dialer, options);
//   FrameReply reply;
//   TRY(client.send(self, {.client_id = 7, .message_id = 1, .payload = text}, scratch, reply,
//                   deadline));
//   if (reply.ok()) use(reply.duration);
//
// Allocates nothing per message once connected.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "base/url.h"
#include "client/exchange.h"
#include "loop/loop.h"
#include "net/dialer.h"
#include "wire/frame.h"

namespace brunt {

struct FrameClientOptions {
  PeerAddress target;
  FrameLayout layout;
};

// What came of one message; `duration` runs to its whole ACK, which has no body.
using FrameReply = ExchangeReply;

class FrameClient {
 public:
  // Connects nothing yet. All must outlive the client. REQUIRES: a layout that
  // check_frame_layout() passes.
  FrameClient(Loop& loop, Dialer& dialer, const FrameClientOptions& options)
      : options_(options), connection_(loop, dialer, options.target) {}

  // Parks until the ACK has come, the message has failed, or `deadline` has passed. `scratch` is
  // for the encoded message and may serve any number of clients, one send() at a time. After a
  // failure the connection is closed.
  // Failures: as HTTP's to connect and to send; "closed before the ACK", "closed within the ACK",
  // "wrong ACK: another client", "wrong ACK: an earlier message", "wrong ACK: a later message"
  // (the detail names the ids), "bytes behind the ACK".
  // Errors: invalid (the message does not fit the layout), cancelled.
  Result<> send(Fiber& self, const FrameRequest& request, std::string& scratch, FrameReply& reply,
                Instant deadline);

  bool is_connected() const { return connection_.is_connected(); }

 private:
  Result<> talk(Fiber& self, const FrameRequest& request, std::string_view bytes,
                Exchange& exchange);
  Result<FrameAck> receive(Fiber& self, Exchange& exchange);

  const FrameClientOptions& options_;
  SoleConnection connection_;
};

}  // namespace brunt
