// One request under way over a connection, of whatever version of HTTP: what http_client.cc and
// http2_exchange.cc know of it. For these two only.
#pragma once
#include <optional>

#include "client/http_client.h"
#include "wire/http2_session.h"

namespace brunt {

struct HttpExchange {
  const HttpCall& call;
  HttpReply& reply;
  Instant deadline;
  Instant ready{}, sent{}, first_byte{}, last_byte{};
  RequestPhase phase = RequestPhase::dial;
  bool answered = false;     // A byte of the response has come.
  bool reusable = false;     // HTTP/1.1: the connection may serve another request.
  bool must_be_new = false;  // A second try takes no connection that lay idle.
  // HTTP/2: the server says that it has not looked at it; how often servers have.
  bool unprocessed = false;
  std::uint32_t put_off = 0;
  std::optional<Http2Fault> fault = std::nullopt;  // Why it failed, in HTTP/2's words.
};

}  // namespace brunt
