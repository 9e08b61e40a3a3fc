// A client of Redis: one connection, the commands of one request at a time, sent together and
// answered in their order.
//
// Belongs to one loop; each virtual user has its own. The connection is made, with AUTH or
// HELLO, SELECT and CLIENT SETNAME, when the first request is sent, and again after a failure. What
// the target did is in the reply; commands are never sent twice: those of a failed request may have
// been done.
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
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "base/url.h"
#include "client/exchange.h"
#include "loop/loop.h"
#include "net/dialer.h"
#include "wire/resp.h"

namespace brunt {

struct RedisTarget {
  PeerAddress peer;
  std::string user, password;  // Empty: none.
  std::string client_name;     // What CLIENT LIST shows. Empty: none.
  std::uint32_t database = 0;
  std::uint32_t protocol = 2;  // 3: HELLO 3 when the connection is made.
  TlsContext* tls = nullptr;   // Must outlive the client.
};

// redis://[[user]:password@]host[:port][/database][?protocol=3], or host:port, or tcp://host:port.
// Errors: invalid, with how it should look.
Result<RedisTarget> parse_redis_target(std::string_view text);

struct RedisCommands {
  std::string_view bytes;   // Encoded, one after the other.
  std::uint32_t count = 1;  // So many replies are waited for.
  bool as_list = false;     // The body is a JSON list also of one reply.
};

// What came of one request. `body`: of one command its reply as text (resp.h), of several a JSON
// list of all replies. An error reply is a failure too: the connection lives on then, and `body`
// has what was answered.
using RedisReply = ExchangeReply;

class RedisClient {
 public:
  // Connects nothing yet. All must outlive the client.
  RedisClient(Loop& loop, Dialer& dialer, const RedisTarget& target)
      : loop_(loop), target_(target), connection_(loop, dialer, target.peer, target.tls) {}

  // Parks until all replies have come, the request has failed, or `deadline` has passed.
  // Failures: as HTTP's to connect and to send; "redis: ERR", "redis: WRONGTYPE" and the like for
  // the first error reply (the detail is the whole of it); "redis: the connection was refused" for
  // one to AUTH, SELECT or HELLO; "closed before the reply", "closed within the reply",
  // "redis: malformed reply". Errors: cancelled.
  Result<> send(Fiber& self, const RedisCommands& commands, RedisReply& reply, Instant deadline);

 private:
  Result<> talk(Fiber& self, const RedisCommands& commands, Exchange& exchange);
  Result<> greet(Fiber& self, Exchange& exchange);
  Result<> receive(Fiber& self, Exchange& exchange, std::uint32_t count, bool as_list);

  Loop& loop_;
  const RedisTarget& target_;
  SoleConnection connection_;
  RespDecoder decoder_;
  std::string error_;  // The first error reply to the request under way.
};

}  // namespace brunt
