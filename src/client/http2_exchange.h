// One request over an HTTP/2 connection that may carry others at the same time. For http_client.cc.
//
//   TRY(Http2Exchange(context, limits, *connection, exchange).run(self));
//
// The request comes encoded for HTTP/1.1, as its sender does not know whom it will meet.
#pragma once
#include <optional>
#include <span>
#include <string_view>

#include "client/http2_connection.h"
#include "client/http_exchange.h"
#include "wire/http2_head.h"

namespace brunt {

class Http2Exchange final : private Http2Listener {
 public:
  // All must outlive it.
  Http2Exchange(HttpContext& context, const Http1Limits& limits, Http2Connection& connection,
                HttpExchange& exchange);
  ~Http2Exchange() override;

  // Parks until the response is complete. What was before the end is in the exchange and its reply.
  // Errors: those of Stream::send() and of Http2ResponseReader; closed, reset (of the stream or of
  // the connection), timeout, cancelled.
  Result<> run(Fiber& self);

  Http2Exchange(const Http2Exchange&) = delete;
  Http2Exchange& operator=(const Http2Exchange&) = delete;

 private:
  Result<> begin();
  Result<> wait(Fiber& self);
  void leave(Fiber& self);
  void note_sent(Instant at);
  void note_answer();
  void end(std::optional<Error> error);

  void headers(std::span<const HttpField> fields) override;
  void data(std::string_view bytes) override;
  void head_too_large() override;
  void sent() override;
  void ended() override;
  void closed(std::uint32_t error_code) override;
  void broken(const Error& error) override;

  HttpContext& context_;
  Http2Connection& connection_;
  HttpExchange& exchange_;
  Http2ResponseReader reader_;
  std::int32_t stream_ = 0;
  bool open_ = false;  // The connection knows of it.
  bool over_ = false;
  bool all_sent_ = false;
  bool flushing_ = false;       // By run(), which knows better when that is done.
  std::optional<Error> error_;  // Why it ended so.
  Fiber* waiting_ = nullptr;
};

}  // namespace brunt
