// A client of Redis: one connection, the commands of one request at a time, sent together and
// answered in their order.
//
// Belongs to one loop; each virtual user has its own. The connection is made, with AUTH, SELECT or
// HELLO, when the first request is sent, and again after a failure. What the target did is in the
// reply; commands are never sent twice: those of a failed request may have been done.
//
//   RedisClient client(loop, dialer, TRY(parse_redis_target("redis://:secret@localhost:6379/2")));
//   std::string commands;
//   append_resp_command(commands, words);
//   TRY(client.send(self, {.bytes = commands, .count = 1}, reply, deadline));
//   if (reply.ok()) use(reply.body);
//
// Allocates nothing per request once connected and warm.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "base/url.h"
#include "client/outcome.h"
#include "loop/loop.h"
#include "net/dialer.h"
#include "wire/resp.h"

namespace brunt {

struct RedisTarget {
  PeerAddress peer;
  std::string user, password;  // Empty: none.
  std::uint32_t database = 0;
  std::uint32_t protocol = 2;  // 3: HELLO 3 when the connection is made.
};

// redis://[[user]:password@]host[:port][/database][?protocol=3], or host:port, or tcp://host:port.
// Errors: invalid, with how it should look.
Result<RedisTarget> parse_redis_target(std::string_view text);

struct RedisCommands {
  std::string_view bytes;   // Encoded, one after the other.
  std::uint32_t count = 1;  // So many replies are waited for.
};

// What came of one request.
struct RedisReply {
  // An error reply is one too: the connection lives on then, and `body` has what was answered.
  std::optional<RequestFailure> failure;
  // Of one command its reply as text (resp.h); of several a JSON list of all replies.
  std::string body;
  Instant started;      // When send() was called.
  Duration blocked{};   // Until there was a connection; zero for one that lay ready.
  Duration setup{};     // Name, connect, AUTH ..., where the request made the connection.
  Duration duration{};  // From sending to the end of the last reply, or until it failed.
  std::uint64_t bytes_sent = 0, bytes_received = 0;
  bool connected = false;  // The request made a connection.
  bool sent = false;       // There was a connection to send it over: `duration` means something.

  bool ok() const { return !failure.has_value(); }
};

class RedisClient {
 public:
  // Connects nothing yet. All must outlive the client.
  RedisClient(Loop& loop, Dialer& dialer, const RedisTarget& target)
      : loop_(loop), dialer_(dialer), target_(target) {}

  // Parks until all replies have come, the request has failed, or `deadline` has passed.
  // Failures: as HTTP's to connect and to send; "redis: ERR", "redis: WRONGTYPE" and the like for
  // the first error reply (the detail is the whole of it); "redis: the connection was refused" for
  // one to AUTH, SELECT or HELLO; "closed before the reply", "closed within the reply",
  // "redis: malformed reply". Errors: cancelled.
  Result<> send(Fiber& self, const RedisCommands& commands, RedisReply& reply, Instant deadline);

  void close() { stream_.reset(); }
  bool is_connected() const { return stream_ != nullptr; }

 private:
  struct Exchange;
  Result<> connect(Fiber& self, Exchange& exchange);
  Result<> greet(Fiber& self, Exchange& exchange);
  Result<> receive(Fiber& self, Exchange& exchange, std::uint32_t count);
  Result<> failed(Exchange& exchange, Error error);

  Loop& loop_;
  Dialer& dialer_;
  const RedisTarget& target_;
  std::unique_ptr<Stream> stream_;
  RespDecoder decoder_;
};

}  // namespace brunt
