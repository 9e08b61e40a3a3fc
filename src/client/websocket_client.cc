#include "client/websocket_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/assert.h"
#include "base/base64.h"
#include "base/text.h"
#include "client/exchange.h"
#include "client/http_hop.h"
#include "wire/http1_writer.h"
#include "wire/utf8.h"

namespace brunt {
namespace {

// Below this a message gains nothing from being compressed.
constexpr std::size_t deflate_bytes_min = 16;

// Reads until the peer has ended the connection.
void wait_for_peer(Fiber& self, Stream& stream, Instant deadline) {
  while (true) {
    const auto bytes = stream.receive(self, deadline);
    if (!bytes || bytes->empty()) return;
  }
}

// Of a socket that is given up: tells the peer, and lets it go.
void say_goodbye(Fiber& self, Stream& stream, std::string_view bytes, Duration patience) {
  const Instant deadline = self.now() + patience;
  if (!stream.send(self, as_bytes(bytes), deadline)) return stream.abort();
  wait_for_peer(self, stream, deadline);
  stream.finish();
}

}  // namespace

Result<Url> parse_websocket_url(std::string_view text) {
  const auto scheme = text.find("://");
  const std::string name = to_lower(text.substr(0, scheme));
  if (scheme == std::string_view::npos || (name != "ws" && name != "wss"))
    return fail(
        ErrorCode::invalid,
        fmt::format("\"{}\" is no URL of a WebSocket: it begins with ws:// or wss://", text));
  auto url = parse_url((name == "ws" ? "http" : "https") + std::string(text.substr(scheme)));
  if (!url) return fail_in("of a WebSocket", std::move(url).error());
  return url;
}

WebSocketClient::WebSocketClient(HttpContext& context, const WebSocketClientOptions& options)
    : context_(context), options_(options), writers_(context.loop) {}

WebSocketClient::~WebSocketClient() {
  ASSERT(stream_ == nullptr && writers_.alive() == 0);
}

Result<std::string> WebSocketClient::encode_request(const WebSocketRequest& request,
                                                    std::string_view key) const {
  static constexpr std::array<std::string_view, 5> ours = {
      "upgrade", "connection", "sec-websocket-key", "sec-websocket-version",
      "sec-websocket-extensions"};
  const bool offers = request.offers_deflate && options_.deflate != nullptr;
  std::string authority = request.url.authority(), authorization;
  std::vector<HttpField> fields = {{"Upgrade", "websocket"},
                                   {"Connection", "Upgrade"},
                                   {"Sec-WebSocket-Key", key},
                                   {"Sec-WebSocket-Version", "13"}};
  if (offers) fields.push_back({"Sec-WebSocket-Extensions", deflate_offer});
  for (const HttpField& field : request.fields) {
    const bool is_ours = std::ranges::any_of(
        ours, [&](std::string_view name) { return equal_ignoring_case(name, field.name); });
    if (is_ours)
      return fail(ErrorCode::invalid,
                  fmt::format("websocket: duplicate header not allowed: {}", field.name));
    if (equal_ignoring_case(field.name, "host"))
      authority = field.value;
    else
      fields.push_back(field);
  }
  if (!request.url.user.empty() && !has_field(request.fields, "authorization")) {
    authorization = "Basic " + base64_encode(request.url.user + ":" + request.url.password);
    fields.push_back({"Authorization", authorization});
  }
  std::string head;
  TRY(append_request_head(
      head,
      {.method = "GET", .target = request.url.target, .authority = authority, .fields = fields}));
  return head;
}

Result<> WebSocketClient::connect(Fiber& self, const WebSocketRequest& request, HttpReply& reply,
                                  Instant deadline) {
  ASSERT(stream_ == nullptr);
  reply.reset();
  reply.timings.started = context_.loop.precise_now();
  auto done = shake_hands(self, request, reply, deadline);
  if (done) return {};
  reply.lease.reset();
  const bool cancelled = done.error().code == ErrorCode::cancelled;
  const Instant now = context_.loop.precise_now();
  const RequestPhase phase = done.error().code == ErrorCode::invalid ? RequestPhase::prepare
                             : reply.timings.blocked == Duration{}   ? RequestPhase::dial
                                                                     : RequestPhase::receive;
  if (phase == RequestPhase::receive)
    reply.timings.waiting = now - reply.timings.started - reply.timings.blocked;
  reply.failure = failure_of(std::move(done).error(), phase,
                             now >= deadline ? DeadlineState::passed : DeadlineState::running);
  if (cancelled) return fail(ErrorCode::cancelled, "the handshake was cancelled");
  return {};
}

Result<> WebSocketClient::shake_hands(Fiber& self, const WebSocketRequest& request,
                                      HttpReply& reply, Instant deadline) {
  static const std::array<std::string, 1> alpn = {"http/1.1"};
  const std::uint64_t chance[] = {context_.loop.prng().next(), context_.loop.prng().next()};
  const std::string key = base64_encode({reinterpret_cast<const char*>(chance), sizeof(chance)});
  const std::string head = TRY(encode_request(request, key));
  const bool tls = request.url.secure();
  if (tls && context_.tls == nullptr)
    return fail(ErrorCode::unsupported, "wss without a TLS context");
  Dialed dialed = TRY(context_.dialer.dial(self,
                                           {.host = request.url.host,
                                            .port = request.url.port,
                                            .tls = tls ? context_.tls : nullptr,
                                            .server_name = options_.server_name,
                                            .alpn = alpn},
                                           deadline));
  HttpTimings& timings = reply.timings;
  timings.looking_up = dialed.timings.looking_up();
  timings.connecting = dialed.timings.connecting();
  timings.tls_handshaking = dialed.timings.tls_handshaking();
  timings.blocked = std::max(dialed.timings.tls_handshaken - timings.started, Duration(1));
  reply.remote = dialed.stream->peer();
  reply.tls_version = dialed.tls.version;
  reply.tls_cipher = dialed.tls.cipher;
  Result<> answered = dialed.stream->send(self, as_bytes(head), deadline);
  if (answered) answered = read_answer(self, *dialed.stream, reply, deadline);
  reply.bytes_sent = bytes_sent_ = dialed.stream->bytes_sent();
  reply.bytes_received = bytes_received_ = dialed.stream->bytes_received();
  TRY(answered);
  if (reply.status() != 101) return {};
  TRY(check_answer(reply, request, key));
  reader_ = WebSocketReader(WebSocketRole::client, options_.limits.messages,
                            compresses_ ? WebSocketExtension::deflate : WebSocketExtension::none);
  stream_ = std::move(dialed.stream);
  return {};
}

Result<> WebSocketClient::read_answer(Fiber& self, Stream& stream, HttpReply& reply,
                                      Instant deadline) {
  const Http1Limits limits;
  Http1Parser parser(Http1Role::client, limits);
  HttpTimings& timings = reply.timings;
  const Instant sent = context_.loop.precise_now();
  timings.sending = sent - timings.started - timings.blocked;
  Instant first_byte{};
  while (!parser.done()) {
    const ByteView bytes = TRY(stream.receive(self, deadline));
    if (!reply.lease) {
      if (bytes.empty())
        return fail(ErrorCode::closed, "closed before the first byte of the response");
      first_byte = arrival(context_.loop, sent);
      timings.waiting = first_byte - sent;
      reply.lease = context_.buffers.message();
      parser.begin(*reply.lease, {});
    }
    if (bytes.empty()) {
      TRY(parser.finish());
      continue;
    }
    const std::size_t used = TRY(parser.feed(bytes));
    early_.assign(as_text(bytes.subspan(used)));
  }
  timings.receiving = arrival(context_.loop, first_byte) - first_byte;
  return {};
}

// Of a 101. Source: RFC 6455, section 4.1, after the request.
Result<> WebSocketClient::check_answer(const HttpReply& reply, const WebSocketRequest& request,
                                       std::string_view key) {
  const HttpFields fields = reply.fields();
  const auto bad = [](std::string_view what) {
    return fail(ErrorCode::malformed, fmt::format("websocket: bad handshake: {}", what));
  };
  if (!fields.has_token("upgrade", "websocket")) return bad("no Upgrade: websocket");
  if (!fields.has_token("connection", "upgrade")) return bad("no Connection: Upgrade");
  const auto accept = fields.find("sec-websocket-accept");
  if (!accept || trim(*accept) != websocket_accept(key))
    return bad("Sec-WebSocket-Accept is not the answer to the key");
  compresses_ = TRY(negotiate_deflate(fields.join("sec-websocket-extensions")));
  if (compresses_ && (!request.offers_deflate || options_.deflate == nullptr))
    return bad("an extension that was not offered");
  return {};
}

Result<> WebSocketClient::send(WebSocketOpcode opcode, std::string_view payload) {
  if (write_error_) return std::unexpected(*write_error_);
  if (close_sent_ || stream_ == nullptr) return fail(ErrorCode::closed, "websocket: close sent");
  if (queue_.size() + in_flight_.size() + payload.size() > options_.limits.queue_bytes_max)
    return fail(ErrorCode::exhausted,
                fmt::format("more than {} bytes wait for a peer that does not read",
                            options_.limits.queue_bytes_max));
  const bool packs =
      compresses_ && opcode < WebSocketOpcode::close && payload.size() >= deflate_bytes_min;
  if (opcode < WebSocketOpcode::close) payload_queued_ += payload.size();
  if (packs) {
    TRY(options_.deflate->deflate(payload, unpacked_));
    payload = unpacked_;
  }
  queue_frame({.opcode = opcode, .payload = payload, .compressed = packs});
  return {};
}

void WebSocketClient::close(std::uint16_t code, std::string_view reason) {
  if (close_sent_ || stream_ == nullptr) return;
  close_sent_ = true;
  close_deadline_ = context_.loop.now() + options_.limits.close_timeout;
  const std::string payload = websocket_close_payload(code, reason);
  queue_frame({.opcode = WebSocketOpcode::close, .payload = payload});
  if (receiving_ != nullptr) receiving_->expire();  // It waits no longer than until then.
}

void WebSocketClient::queue_frame(const WebSocketFrame& frame) {
  WebSocketFrame masked = frame;
  masked.mask = static_cast<std::uint32_t>(context_.loop.prng().next());
  append_websocket_frame(queue_, masked);
  if (writing_ || write_error_) return;
  writing_ = true;
  if (const auto started = writers_.spawn("websocket writer", [this](Fiber& self) { write(self); });
      !started) {
    writing_ = false;
    write_error_ = started.error();
  }
}

void WebSocketClient::write(Fiber& self) {
  while (!queue_.empty() && !write_error_ && !self.cancelled()) {
    in_flight_.swap(queue_);
    payload_in_flight_ = std::exchange(payload_queued_, 0);
    const Result<> sent =
        stream_->send(self, as_bytes(in_flight_), self.now() + options_.limits.write_timeout);
    if (!sent) write_error_ = sent.error();
    in_flight_.clear();
    payload_in_flight_ = 0;
    if (draining_ != nullptr) draining_->wake();
  }
  for (std::string* buffer : {&queue_, &in_flight_})
    if (buffer->capacity() > options_.limits.buffer_bytes_kept) std::string().swap(*buffer);
  writing_ = false;
  if (write_error_ && receiving_ != nullptr) receiving_->expire();
}

Result<> WebSocketClient::drain(Fiber& self, std::size_t bytes_max) {
  while (queued_bytes() > bytes_max && !write_error_) {
    draining_ = &self;
    const auto woken = self.park(far_future, "a websocket's peer to read");
    draining_ = nullptr;
    TRY(woken);
  }
  return write_error_ ? std::unexpected(*write_error_) : Result<>();
}

Result<> WebSocketClient::take_message(WebSocketMessage message, const Take& take) {
  if (message.compressed) {
    TRY(options_.deflate->inflate(message.payload, unpacked_,
                                  options_.limits.messages.message_bytes_max));
    message.payload = unpacked_;
    message.compressed = false;
    if (message.opcode == WebSocketOpcode::text && !is_utf8(message.payload))
      return fail(ErrorCode::invalid, "a text message is not UTF-8");
  }
  if (message.opcode == WebSocketOpcode::ping && !close_sent_)
    queue_frame({.opcode = WebSocketOpcode::pong, .payload = message.payload});
  if (message.opcode == WebSocketOpcode::close) {
    close_received_ = true;
    close(message.close_code, message.payload);
  }
  take(message);
  if (unpacked_.capacity() > options_.limits.buffer_bytes_kept) std::string().swap(unpacked_);
  return {};
}

Result<> WebSocketClient::take_bytes(ByteView bytes, const Take& take) {
  while (!close_received_) {
    auto message = reader_.next(bytes);
    Result<> taken;
    if (!message)
      taken = std::unexpected(std::move(message).error());
    else if (*message)
      taken = take_message(**message, take);
    else
      return {};
    if (taken) continue;
    close(websocket_code_of(taken.error().code), taken.error().text);
    return taken;
  }
  return {};
}

Result<> WebSocketClient::receive(Fiber& self, Instant deadline, const Take& take) {
  if (!early_.empty()) {
    const std::string early = std::move(early_);
    early_.clear();
    return take_bytes(as_bytes(early), take);
  }
  while (true) {
    if (write_error_) return std::unexpected(*write_error_);
    const Instant until = std::min(deadline, close_deadline_);
    receiving_ = &self;
    const auto bytes = stream_->receive(self, until);
    receiving_ = nullptr;
    if (bytes && bytes->empty())
      return fail(ErrorCode::closed, "the connection ended without a close frame");
    if (bytes) return take_bytes(*bytes, take);
    // Expired, for something that has changed.
    if (bytes.error().code == ErrorCode::timeout &&
        self.now() < std::min(deadline, close_deadline_))
      continue;
    return std::unexpected(bytes.error());
  }
}

// After the closes: RFC 6455, 7.1.1, wants the server to be first.
void WebSocketClient::wait_for_end(Fiber& self) {
  if (write_error_) return stream_->abort();
  wait_for_peer(self, *stream_, self.now() + options_.limits.close_timeout);
  stream_->finish();
}

void WebSocketClient::drop_stream() {
  bytes_sent_ = bytes_sent();
  bytes_received_ = bytes_received();
  stream_.reset();
  reader_ = WebSocketReader(WebSocketRole::client);
}

void WebSocketClient::end(Fiber& self) {
  if (stream_ == nullptr) return;
  close(WebSocketCode::going_away, {});
  if (!writers_.join_until(self, self.now() + options_.limits.write_timeout)) return abandon(self);
  wait_for_end(self);
  drop_stream();
}

void WebSocketClient::abandon(Fiber& self) {
  if (stream_ == nullptr) return;
  const bool is_cut = !in_flight_.empty();  // Somewhere within a frame.
  writers_.cancel();
  (void)writers_.join(self);
  std::string goodbye = std::move(queue_);
  if (!close_sent_)
    append_websocket_frame(goodbye,
                           {.opcode = WebSocketOpcode::close,
                            .payload = websocket_close_payload(WebSocketCode::going_away, {}),
                            .mask = static_cast<std::uint32_t>(context_.loop.prng().next())});
  bytes_sent_ = bytes_sent() + goodbye.size();
  bytes_received_ = bytes_received();
  if (is_cut || write_error_) {
    stream_->abort();
  } else {
    (void)context_.loop.spawn("websocket goodbye",
                              [stream = std::move(stream_), goodbye = std::move(goodbye),
                               patience = options_.limits.close_timeout](Fiber& fiber) {
                                say_goodbye(fiber, *stream, goodbye, patience);
                              });
  }
  stream_.reset();
}

std::uint64_t WebSocketClient::bytes_sent() const {
  return stream_ != nullptr ? stream_->bytes_sent() : bytes_sent_;
}

std::uint64_t WebSocketClient::bytes_received() const {
  return stream_ != nullptr ? stream_->bytes_received() : bytes_received_;
}

}  // namespace brunt
