#include "client/http2_exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "client/exchange.h"

namespace brunt {

Http2Exchange::Http2Exchange(HttpContext& context, const Http1Limits& limits,
                             Http2Connection& connection, HttpExchange& exchange)
    : context_(context), connection_(connection), exchange_(exchange), reader_(limits) {}

Http2Exchange::~Http2Exchange() {
  if (open_) connection_.abandon(stream_);
}

Result<> Http2Exchange::run(Fiber& self) {
  exchange_.phase = RequestPhase::send;
  Result<> done = begin();
  flushing_ = true;
  if (done) done = connection_.flush(self, exchange_.deadline);
  flushing_ = false;
  if (done && all_sent_) note_sent(context_.loop.precise_now());
  if (done) done = wait(self);
  if (open_) leave(self);
  if (!done) return done;
  if (error_) return std::unexpected(std::move(*error_));
  // What came while the request was still being sent is part of sending it.
  exchange_.reply.timings.receiving =
      exchange_.last_byte - std::max(exchange_.first_byte, exchange_.sent);
  return {};
}

Result<> Http2Exchange::begin() {
  constexpr std::string_view head_end = "\r\n\r\n";
  const HttpCall& call = exchange_.call;
  const std::size_t head_size = call.head.find(head_end) + head_end.size();
  const std::string_view joined = call.head.substr(head_size);
  const bool has_body = !joined.empty() || !call.body.empty();
  const HttpTextLease head = context_.buffers.text();
  head->assign(call.head.substr(0, head_size));
  split_request_head(*head, "https", context_.scratch_fields);
  stream_ = TRY(connection_.begin(context_.scratch_fields, *this,
                                  has_body ? Http2Body::follows : Http2Body::none));
  open_ = true;
  all_sent_ = !has_body;
  if (!has_body) return {};
  connection_.write(stream_, joined);
  connection_.write(stream_, call.body);
  connection_.finish(stream_);
  return {};
}

Result<> Http2Exchange::wait(Fiber& self) {
  while (!over_) {
    waiting_ = &self;
    const auto woken = self.park(exchange_.deadline, "an HTTP/2 response");
    waiting_ = nullptr;
    if (!woken && !over_) return std::unexpected(woken.error());
  }
  return {};
}

// The server is told that nobody listens any more, if that goes quickly.
void Http2Exchange::leave(Fiber& self) {
  constexpr Duration goodbye_max = std::chrono::seconds(1);
  connection_.abandon(stream_);
  open_ = false;
  [[maybe_unused]] const auto told = connection_.flush(self, self.now() + goodbye_max);
}

void Http2Exchange::note_sent(Instant at) {
  if (exchange_.phase != RequestPhase::send) return;
  exchange_.phase = RequestPhase::receive;
  exchange_.sent = at;
  exchange_.reply.timings.sending = exchange_.sent - exchange_.ready;
}

void Http2Exchange::note_answer() {
  // What has not happened yet is no later than any.
  exchange_.last_byte =
      arrival(context_.loop, std::max({exchange_.ready, exchange_.sent, exchange_.last_byte}));
  if (std::exchange(exchange_.answered, true)) return;
  exchange_.first_byte = exchange_.last_byte;
  if (exchange_.phase == RequestPhase::receive)
    exchange_.reply.timings.waiting = exchange_.first_byte - exchange_.sent;
  exchange_.reply.lease = context_.buffers.message();
  reader_.begin(*exchange_.reply.lease, exchange_.call.expect);
}

void Http2Exchange::end(std::optional<Error> error) {
  if (std::exchange(over_, true)) return;
  error_ = std::move(error);
  if (waiting_ != nullptr) waiting_->wake();
}

void Http2Exchange::headers(std::span<const HttpField> fields) {
  if (over_) return;
  note_answer();
  if (auto taken = reader_.head(fields); !taken) end(std::move(taken).error());
}

void Http2Exchange::data(std::string_view bytes) {
  connection_.consume(stream_, bytes.size());
  if (over_) return;
  note_answer();
  if (auto taken = reader_.data(bytes); !taken) end(std::move(taken).error());
}

void Http2Exchange::head_too_large() {
  note_answer();
  end(Error{ErrorCode::too_large, "the head of the response is larger than the limit"});
}

void Http2Exchange::sent() {
  all_sent_ = true;
  if (!flushing_) note_sent(context_.loop.precise_now());
}

void Http2Exchange::ended() {
  if (over_) return;
  note_answer();
  // Where the answer did not wait for the whole request.
  note_sent(exchange_.last_byte);
  end(std::nullopt);
}

void Http2Exchange::closed(std::uint32_t error_code) {
  open_ = false;
  if (over_) return;
  exchange_.unprocessed = error_code == http2_refused_stream && !exchange_.answered;
  exchange_.fault = {Http2Fault::Of::stream, error_code};
  const auto gone = connection_.fault();
  if (exchange_.unprocessed && gone) exchange_.fault = gone;
  end(Error{ErrorCode::reset,
            fmt::format("the server reset the stream: {}", http2_error_name(error_code))});
}

void Http2Exchange::broken(const Error& error) {
  open_ = false;
  if (over_) return;
  exchange_.fault = connection_.fault();
  end(error);
}

}  // namespace brunt
