#include "client/redis_client.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>
#include <vector>

namespace brunt {
namespace {

constexpr std::string_view closed_before = "closed before the reply";
constexpr std::string_view closed_within = "closed within the reply";
constexpr std::string_view malformed_reply = "redis: malformed reply";
constexpr std::string_view greeting_refused = "redis: the connection was refused";

// The first word of an error as a literal, so that a tag made of it stays one of few.
std::string_view message_of(std::string_view error) {
  constexpr std::array<std::string_view, 18> known = {
      "redis: ERR",      "redis: WRONGTYPE",   "redis: NOAUTH",  "redis: WRONGPASS",
      "redis: NOPERM",   "redis: LOADING",     "redis: OOM",     "redis: READONLY",
      "redis: BUSY",     "redis: NOSCRIPT",    "redis: MOVED",   "redis: ASK",
      "redis: TRYAGAIN", "redis: CLUSTERDOWN", "redis: MISCONF", "redis: EXECABORT",
      "redis: BUSYKEY",  "redis: MASTERDOWN"};
  constexpr std::size_t prefix = 7;
  const std::string_view word = error.substr(0, error.find(' '));
  for (const std::string_view message : known)
    if (message.substr(prefix) == word) return message;
  return "redis: error";
}

std::string_view own_message(const Error& error, RequestPhase phase) {
  if (error.text.starts_with(greeting_refused)) return greeting_refused;
  if (phase != RequestPhase::receive) return {};
  if (error.text.starts_with("RESP:")) return malformed_reply;
  for (const std::string_view message : {closed_before, closed_within})
    if (error.text.starts_with(message)) return message;
  return {};
}

template <typename Number>
bool read_number(std::string_view text, Number& out) {
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), out);
  return wrong == std::errc{} && end == text.data() + text.size();
}

}  // namespace

Result<RedisTarget> parse_redis_target(std::string_view text) {
  const auto wrong = [&](std::string_view why) {
    return fail(
        ErrorCode::invalid,
        fmt::format("\"{}\" is no target for redis: {}; write redis://host:6379/0", text, why));
  };
  RedisTarget target;
  std::string_view rest = text;
  if (const std::size_t scheme = rest.find("://"); scheme != std::string_view::npos) {
    if (rest.substr(0, scheme) != "redis" && rest.substr(0, scheme) != "tcp")
      return wrong(fmt::format("{} is another protocol", rest.substr(0, scheme)));
    rest.remove_prefix(scheme + 3);
  }
  if (const std::size_t query = rest.find('?'); query != std::string_view::npos) {
    if (rest.substr(query) != "?protocol=3" && rest.substr(query) != "?protocol=2")
      return wrong("behind the question mark only protocol=2 or protocol=3 can stand");
    target.protocol = rest.back() == '3' ? 3 : 2;
    rest = rest.substr(0, query);
  }
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
    const std::string_view who = rest.substr(0, at);
    const std::size_t colon = who.find(':');
    target.user = percent_decode(who.substr(0, colon));
    if (colon != std::string_view::npos) target.password = percent_decode(who.substr(colon + 1));
    rest.remove_prefix(at + 1);
  }
  if (const std::size_t slash = rest.find('/'); slash != std::string_view::npos) {
    const std::string_view database = rest.substr(slash + 1);
    if (!database.empty() && !read_number(database, target.database))
      return wrong("behind the slash stands a database's number");
    rest = rest.substr(0, slash);
  }
  std::string address(rest);
  const bool has_port = rest.ends_with(']') ? false : rest.rfind(':') != std::string_view::npos;
  if (!has_port) address += ":6379";
  auto peer = parse_peer_address(address);
  if (!peer) return wrong(peer.error().text);
  target.peer = std::move(*peer);
  return target;
}

Result<> RedisClient::greet(Fiber& self, Exchange& exchange) {
  std::string bytes;
  std::uint32_t count = 0;
  const auto add = [&](std::initializer_list<std::string_view> words) {
    append_resp_command(bytes, std::span(words.begin(), words.size()));
    ++count;
  };
  const std::string_view user = target_.user.empty() ? "default" : std::string_view(target_.user);
  if (target_.protocol == 3 && !target_.password.empty())
    add({"HELLO", "3", "AUTH", user, target_.password});
  else if (target_.protocol == 3)
    add({"HELLO", "3"});
  else if (!target_.password.empty() && target_.user.empty())
    add({"AUTH", target_.password});
  else if (!target_.password.empty())
    add({"AUTH", target_.user, target_.password});
  const std::string database = std::to_string(target_.database);
  if (target_.database != 0) add({"SELECT", database});
  if (!target_.client_name.empty()) add({"CLIENT", "SETNAME", target_.client_name});
  if (count == 0) return {};
  TRY(connection_.greet(self, exchange, bytes));
  TRY(receive(self, exchange, count, false));
  exchange.reply.body.clear();
  if (!error_.empty())
    return fail(ErrorCode::denied, fmt::format("{}: {}", greeting_refused, error_));
  return {};
}

Result<> RedisClient::receive(Fiber& self, Exchange& exchange, std::uint32_t count, bool as_list) {
  std::string& body = exchange.reply.body;
  body.clear();
  if (as_list) body += '[';
  std::uint32_t seen = 0;
  while (seen < count) {
    ByteView bytes = TRY(connection_.receive(self, exchange));
    if (bytes.empty())
      return fail(ErrorCode::closed,
                  std::string(decoder_.in_reply() || seen > 0 ? closed_within : closed_before));
    while (seen < count && TRY(decoder_.next(bytes))) {
      const RespReply reply = decoder_.reply();
      if (reply.kind() == RespKind::push) continue;  // Nobody asked for it.
      if (reply.kind() == RespKind::error && error_.empty()) error_ = reply.text();
      if (seen++ > 0) body += ',';
      if (as_list)
        reply.append_json(body);
      else
        reply.append_text(body);
    }
    if (seen == count && !bytes.empty())
      return fail(ErrorCode::malformed, "RESP: bytes that nobody asked for behind the reply");
  }
  if (as_list) body += ']';
  return {};
}

Result<> RedisClient::talk(Fiber& self, const RedisCommands& commands, Exchange& exchange) {
  if (TRY(connection_.connect(self, exchange))) {
    decoder_ = RespDecoder();
    TRY(greet(self, exchange));
    connection_.established(exchange, loop_.precise_now());
  }
  TRY(connection_.send(self, exchange, commands.bytes));
  return receive(self, exchange, commands.count, commands.as_list || commands.count > 1);
}

Result<> RedisClient::send(Fiber& self, const RedisCommands& commands, RedisReply& reply,
                           Instant deadline) {
  error_.clear();
  Exchange exchange = connection_.begin(reply, deadline);
  TRY(connection_.end(exchange, talk(self, commands, exchange), own_message));
  if (reply.ok() && !error_.empty())
    reply.failure = RequestFailure{.code = 1000,
                                   .message = message_of(error_),
                                   .cause = ErrorCode::invalid,
                                   .phase = RequestPhase::receive,
                                   .detail = error_};
  return {};
}

}  // namespace brunt
