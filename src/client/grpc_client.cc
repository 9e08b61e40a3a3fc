#include "client/grpc_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "client/exchange.h"

namespace brunt {
namespace {

GrpcCode code_of(const Error& error) {
  if (error.code == ErrorCode::cancelled) return GrpcCode::cancelled;
  return error.code == ErrorCode::timeout ? GrpcCode::deadline_exceeded : GrpcCode::unavailable;
}

std::string_view value_of(std::span<const HttpField> fields, std::string_view name) {
  const auto found = std::ranges::find(fields, name, &HttpField::name);
  return found != fields.end() ? found->value : std::string_view();
}

}  // namespace

GrpcChannel::GrpcChannel(HttpContext& context, GrpcTarget target, const GrpcLimits& limits)
    : context_(context), target_(std::move(target)), limits_(limits) {
  if (target_.authority.empty()) target_.authority = target_.peer.text();
}

GrpcChannel::~GrpcChannel() {
  close();
}

Result<> GrpcChannel::connect(Fiber& self, Instant deadline) {
  close();
  connection_ = TRY(Http2Connection::open(self, context_.loop, context_.dialer,
                                          {.peer = target_.peer, .tls = target_.tls}, deadline));
  counted_ = {};
  return {};
}

void GrpcChannel::close() {
  count_bytes();
  if (connection_ != nullptr) connection_->close();
  connection_ = nullptr;
}

Result<> GrpcChannel::make_ready(Fiber& self, Instant deadline) {
  if (connection_ != nullptr && connection_->usable()) return {};
  // Calls that a server which has said goodbye still answers keep the old one.
  count_bytes();
  connection_ = nullptr;
  return connect(self, deadline);
}

Result<> GrpcChannel::invoke(Fiber& self, const GrpcCall& call, std::string_view message,
                             GrpcReply& reply) {
  for (const bool may_repeat : {true, false}) {
    GrpcStream stream(*this);
    TRY(stream.open(self, call));
    if (stream.send(message)) stream.finish();
    TRY(stream.flush(self));
    std::string received;
    std::size_t count = 0;
    while (TRY(stream.receive(self, received)))
      if (count++ == 0) reply.message.swap(received);
    if (count == 0) reply.message.clear();
    stream.reply().message.swap(reply.message);
    std::swap(reply, stream.reply());
    if (stream.was_refused() && may_repeat) continue;
    if (reply.status.ok() && count != 1)
      reply.status = {GrpcCode::internal,
                      fmt::format("the server sent {} messages to a unary call", count), ""};
    break;
  }
  return {};
}

Duration GrpcChannel::setup_time() const {
  if (connection_ == nullptr) return {};
  const DialTimings& timings = connection_->timings();
  return timings.tls_handshaken - timings.started;
}

void GrpcChannel::count_bytes() {
  if (connection_ == nullptr) return;
  const Bytes now = {connection_->bytes_sent(), connection_->bytes_received()};
  untaken_.sent += now.sent - counted_.sent;
  untaken_.received += now.received - counted_.received;
  counted_ = now;
}

GrpcChannel::Bytes GrpcChannel::take_bytes() {
  count_bytes();
  return std::exchange(untaken_, {});
}

GrpcStream::~GrpcStream() {
  if (open_) connection_->abandon(id_);
}

Result<> GrpcStream::open(Fiber& self, const GrpcCall& call) {
  deadline_ = call.deadline;
  Result<> ready =
      channel_.make_ready(self, std::min(call.deadline, self.now() + channel_.limits_.connect_max));
  reply_.started = channel_.context_.loop.precise_now();
  if (ready) ready = begin(call);
  if (ready) return {};
  if (ready.error().code == ErrorCode::cancelled) return ready;
  end({code_of(ready.error()), ready.error().text, ""});
  return {};
}

Result<> GrpcStream::begin(const GrpcCall& call) {
  connection_ = channel_.connection_;
  std::string timeout;
  std::vector<std::string> encoded;
  std::vector<HttpField>& fields = channel_.context_.scratch_fields;
  fields.clear();
  fields.push_back({":method", "POST"});
  fields.push_back({":scheme", channel_.target_.tls != nullptr ? "https" : "http"});
  fields.push_back({":path", call.path});
  fields.push_back({":authority", channel_.target_.authority});
  fields.push_back({"content-type", "application/grpc"});
  fields.push_back({"user-agent", channel_.target_.user_agent});
  fields.push_back({"te", "trailers"});
  fields.push_back({"grpc-accept-encoding", "identity,gzip,deflate"});
  if (deadline_ != far_future) {
    timeout = format_grpc_timeout(deadline_ - reply_.started);
    fields.push_back({"grpc-timeout", timeout});
  }
  if (call.metadata != nullptr) {
    encoded.reserve(call.metadata->size());
    for (const auto& [name, value] : *call.metadata)
      fields.push_back({name, encoded.emplace_back(encode_grpc_metadata(name, value))});
  }
  id_ = TRY(connection_->begin(fields, *this));
  open_ = true;
  return {};
}

bool GrpcStream::send(std::string_view message) {
  if (!open_) return false;
  const GrpcLimits& limits = channel_.limits_;
  if (message.size() > limits.sent_bytes_max) {
    cancel({GrpcCode::resource_exhausted,
            fmt::format("trying to send message larger than max ({} vs. {})", message.size(),
                        limits.sent_bytes_max),
            ""});
    return false;
  }
  if (connection_->waiting(id_) + message.size() > limits.waiting_bytes_max) {
    cancel({GrpcCode::resource_exhausted,
            fmt::format("the server reads too slowly: more than {} bytes wait to be sent",
                        limits.waiting_bytes_max),
            ""});
    return false;
  }
  std::string& scratch = channel_.scratch_;
  scratch.clear();
  append_grpc_message(scratch, message);
  connection_->write(id_, scratch);
  constexpr std::size_t kept = 64u << 10u;
  if (scratch.capacity() > kept) std::string().swap(scratch);
  return true;
}

void GrpcStream::finish() {
  if (open_) connection_->finish(id_);
}

Result<> GrpcStream::flush(Fiber& self) {
  if (connection_ == nullptr) return {};
  const auto sent = connection_->flush(self, deadline_);
  // Of any other error the status speaks: the connection has told.
  if (!sent && self.cancelled()) return sent;
  return {};
}

Result<bool> GrpcStream::receive(Fiber& self, std::string& message) {
  while (!ended_) {
    const std::size_t held = unconsumed_;
    if (take_message(message)) {
      if (!decoder_.has_next()) give_back();
      if (unconsumed_ < held) TRY(flush(self));
      return true;
    }
    if (ended_) break;
    if (has_said_) {
      if (said_.ok() && decoder_.in_message()) said_ = {GrpcCode::internal, "unexpected EOF", ""};
      end(std::move(said_));
      break;
    }
    waiting_ = &self;
    const auto woken = self.park(deadline_, "a gRPC message");
    waiting_ = nullptr;
    if (woken || ended_) continue;
    const bool is_late = woken.error().code == ErrorCode::timeout;
    cancel({is_late ? GrpcCode::deadline_exceeded : GrpcCode::cancelled,
            is_late ? "context deadline exceeded" : woken.error().text, ""});
    if (!is_late) return std::unexpected(woken.error());
    // The server hears of it; there is no time left to wait until it does.
    (void)connection_->flush(self, self.now() + std::chrono::seconds(1));
  }
  return false;
}

bool GrpcStream::take_message(std::string& message) {
  auto next = decoder_.next();
  Result<> taken;
  if (!next) {
    taken = std::unexpected(next.error());
  } else if (!next->has_value()) {
    return false;
  } else if ((*next)->compressed) {
    taken = decompress((*next)->bytes, message);
  } else {
    message.assign((*next)->bytes);
  }
  if (taken) return true;
  cancel({taken.error().code == ErrorCode::too_large ? GrpcCode::resource_exhausted
                                                     : GrpcCode::internal,
          taken.error().text, ""});
  return false;
}

Result<> GrpcStream::decompress(std::string_view bytes, std::string& message) {
  if (encoding_.empty() || encoding_ == "identity")
    return fail(ErrorCode::malformed, "a message is compressed, but no grpc-encoding says how");
  return channel_.context_.decoder.decode(
      encoding_, bytes, message, {.output_bytes_max = channel_.limits_.received_bytes_max});
}

// What was read may be sent again.
void GrpcStream::give_back() {
  if (open_) connection_->consume(id_, unconsumed_);
  unconsumed_ = 0;
}

void GrpcStream::cancel(GrpcStatus status) {
  if (ended_) return;
  if (open_) connection_->abandon(id_);
  open_ = false;
  say({});
  end(std::move(status));
}

// The server's word, or what stands for it: from here on there is only what came before it.
void GrpcStream::say(GrpcStatus status) {
  if (!std::exchange(has_said_, true)) {
    said_ = std::move(status);
    reply_.duration = arrival(channel_.context_.loop, reply_.started) - reply_.started;
  }
  if (waiting_ != nullptr) waiting_->wake();
}

void GrpcStream::end(GrpcStatus status) {
  ended_ = true;
  reply_.status = std::move(status);
  if (waiting_ != nullptr) waiting_->wake();
}

void GrpcStream::headers(std::span<const HttpField> fields) {
  const std::string_view status = value_of(fields, ":status");
  if (status.starts_with('1')) return;  // Something comes before the answer.
  const bool is_head = http_status_ == 0;
  if (is_head) read_head(fields);
  auto said = read_grpc_status(fields);
  // A head with a status is all there is: its fields are trailers.
  (is_head && !said ? reply_.headers : reply_.trailers) = read_grpc_metadata(fields);
  if (said) say(std::move(*said));
}

void GrpcStream::read_head(std::span<const HttpField> fields) {
  const std::string_view status = value_of(fields, ":status");
  std::from_chars(status.data(), status.data() + status.size(), http_status_);
  encoding_ = value_of(fields, "grpc-encoding");
  const std::string_view type = value_of(fields, "content-type");
  if (http_status_ == 200 && type.starts_with("application/grpc")) return;
  if (read_grpc_status(fields)) return;
  if (http_status_ == 200)
    say({GrpcCode::unknown,
         fmt::format("the server answers with content-type \"{}\", which is not gRPC", type), ""});
  else
    say({grpc_code_of_http(http_status_),
         fmt::format("unexpected HTTP status code received from server: {}", http_status_), ""});
}

void GrpcStream::data(std::string_view bytes) {
  unconsumed_ += bytes.size();
  // What follows a word that has been said is somebody's error page.
  if (!has_said_) decoder_.feed(bytes);
  if (!decoder_.has_next()) give_back();
  if (waiting_ != nullptr && decoder_.has_next()) waiting_->wake();
}

void GrpcStream::ended() {
  say({GrpcCode::internal, "server closed the stream without sending trailers", ""});
}

void GrpcStream::closed(std::uint32_t error_code) {
  open_ = false;
  refused_ = error_code == http2_refused_stream && http_status_ == 0;
  say({grpc_code_of_reset(error_code),
       fmt::format("stream terminated by RST_STREAM with error code: {}", error_code), ""});
}

void GrpcStream::broken(const Error& error) {
  open_ = false;
  say({code_of(error), error.text, ""});
}

}  // namespace brunt
