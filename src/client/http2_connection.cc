#include "client/http2_connection.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace brunt {

namespace {

constexpr std::size_t piece = 64u << 10u;    // What is handed to the stream at once.
constexpr std::size_t out_kept = 4u << 10u;  // Of the buffer that it is gathered in.

}  // namespace

class Http2Connection::Link final : public Http2Visitor {
 public:
  Link(Loop& loop, Dialed dialed) : loop_(loop), dialed_(std::move(dialed)) {}

  // Shared: `self` is for the reader's fiber, which may end after the connection.
  Result<> start(const std::shared_ptr<Link>& self, const Http2Limits& limits) {
    session_ = TRY(Http2Session::create(Http2Role::client, *this, limits));
    reader_ = TRY(loop_.spawn("http2.read", [self](Fiber& fiber) { self->read(fiber); }));
    return {};
  }

  Result<> wait_for_greeting(Fiber& self, Instant deadline) {
    while (!session_->greeted() && !lost_) {
      waiting_ = &self;
      const auto woken = self.park(deadline, "the settings of an HTTP/2 server");
      waiting_ = nullptr;
      if (!woken && !session_->greeted()) return std::unexpected(woken.error());
    }
    if (session_->greeted()) return {};
    return fail(lost_->code, fmt::format("no HTTP/2 came from the server: {}", lost_->text));
  }

  // Its own deadline, or its end, is what only the one who wrote is told.
  static Error told_to_others(const Error& error) {
    if (error.code != ErrorCode::timeout && error.code != ErrorCode::cancelled) return error;
    return {ErrorCode::reset, "another request ended while it wrote to the connection"};
  }

  Result<> flush(Fiber& self, Instant deadline) {
    if (sending_) return {};
    if (lost_) return std::unexpected(*lost_);
    sending_ = true;
    Result<> sent;
    while (sent && !lost_) {
      out_.clear();
      session_->drain(out_, piece);
      if (out_.empty()) break;
      sent = dialed_.stream->send(self, as_bytes(out_), deadline);
    }
    sending_ = false;
    if (out_.capacity() > out_kept) std::string().swap(out_);
    if (!sent) lose(told_to_others(sent.error()));
    return sent;
  }

  void leave() {
    lose({ErrorCode::cancelled, "the client closed the connection"});
    if (reader_ != nullptr) reader_->cancel();
  }

  Result<std::int32_t> begin(std::span<const HttpField> fields, Http2Listener& listener,
                             Http2Body body) {
    if (lost_) return std::unexpected(*lost_);
    const std::int32_t stream = TRY(session_->open(fields, body));
    listeners_[stream] = &listener;
    return stream;
  }
  void abandon(std::int32_t stream) {
    if (listeners_.erase(stream) > 0) session_->reset(stream, http2_cancel);
  }

  Http2Session& session() { return *session_; }
  const Dialed& dialed() const { return dialed_; }
  bool usable() const { return !lost_ && !session_->going_away(); }

  void headers(std::int32_t stream, std::span<const HttpField> fields) override {
    if (Http2Listener* listener = find(stream)) listener->headers(fields);
  }
  void data(std::int32_t stream, std::string_view bytes) override {
    if (Http2Listener* listener = find(stream)) listener->data(bytes);
  }
  void head_too_large(std::int32_t stream) override {
    if (Http2Listener* listener = find(stream)) listener->head_too_large();
  }
  void sent(std::int32_t stream) override {
    if (Http2Listener* listener = find(stream)) listener->sent();
  }
  void ended(std::int32_t stream) override {
    if (Http2Listener* listener = find(stream)) listener->ended();
  }
  void closed(std::int32_t stream, std::uint32_t error_code) override {
    const auto node = listeners_.extract(stream);
    if (!node.empty()) node.mapped()->closed(error_code);
  }

 private:
  Http2Listener* find(std::int32_t stream) {
    const auto found = listeners_.find(stream);
    return found != listeners_.end() ? found->second : nullptr;
  }

  void read(Fiber& self) {
    while (!lost_) {
      if (auto done = read_some(self); !done) lose(done.error());
      if (waiting_ != nullptr) waiting_->wake();
    }
    reader_ = nullptr;
  }

  Result<> read_some(Fiber& self) {
    const ByteView bytes = TRY(dialed_.stream->receive(self, far_future));
    if (bytes.empty()) return fail(ErrorCode::closed, "the server closed the connection");
    const auto fed = session_->feed(bytes);
    // Also what the library has to say to the peer about bytes that are wrong. Time enough for one
    // that reads slowly; a peer that never reads would be waited for for ever.
    constexpr Duration send_max = std::chrono::minutes(2);
    TRY(flush(self, self.now() + send_max));
    TRY(fed);
    if (!session_->over()) return {};
    const auto fault = session_->fault();
    if (!fault || fault->of != Http2Fault::Of::connection)
      return fail(ErrorCode::closed, "the HTTP/2 session is over");
    return fail(ErrorCode::malformed,
                fmt::format("the server broke the rules of HTTP/2: {}{}{}",
                            http2_error_name(fault->error_code),
                            session_->problem().empty() ? "" : ": ", session_->problem()));
  }

  void lose(const Error& error) {
    if (lost_) return;
    lost_ = error;
    for (const auto& [stream, listener] : std::exchange(listeners_, {})) listener->broken(error);
  }

  Loop& loop_;
  Dialed dialed_;
  std::unique_ptr<Http2Session> session_;
  std::unordered_map<std::int32_t, Http2Listener*> listeners_;
  Fiber* reader_ = nullptr;
  Fiber* waiting_ = nullptr;  // For the server's settings.
  bool sending_ = false;
  std::string out_;  // What is being sent.
  std::optional<Error> lost_;
};

Http2Connection::Http2Connection(std::shared_ptr<Link> link) : link_(std::move(link)) {}

Http2Connection::~Http2Connection() {
  close();
}
void Http2Connection::close() {
  link_->leave();
}

Result<std::unique_ptr<Http2Connection>> Http2Connection::open(Fiber& self, Loop& loop,
                                                               Dialer& dialer,
                                                               const Http2Target& target,
                                                               Instant deadline) {
  static const std::array<std::string, 1> alpn = {"h2"};
  Dialed dialed = TRY(dialer.dial(
      self, {.host = target.peer.host, .port = target.peer.port, .tls = target.tls, .alpn = alpn},
      deadline));
  if (target.tls != nullptr && dialed.tls.alpn != "h2")
    return fail(ErrorCode::unsupported,
                fmt::format("{} speaks TLS but no HTTP/2 (ALPN h2)", target.peer.text()));
  auto connection = TRY(adopt(loop, std::move(dialed), {}));
  TRY(connection->link_->flush(self, deadline));
  TRY(connection->link_->wait_for_greeting(self, deadline));
  return connection;
}

Result<std::unique_ptr<Http2Connection>> Http2Connection::adopt(Loop& loop, Dialed dialed,
                                                                const Http2Limits& limits) {
  // Shared: see link_.
  auto link = std::make_shared<Link>(loop, std::move(dialed));
  // From here on its end is the handle's. No make_unique: the constructor is private.
  std::unique_ptr<Http2Connection> connection(new Http2Connection(link));
  TRY(link->start(link, limits));
  return connection;
}

Result<std::int32_t> Http2Connection::begin(std::span<const HttpField> fields,
                                            Http2Listener& listener, Http2Body body) {
  return link_->begin(fields, listener, body);
}
void Http2Connection::write(std::int32_t stream, std::string_view bytes) {
  link_->session().write(stream, bytes);
}
void Http2Connection::finish(std::int32_t stream) {
  link_->session().finish(stream);
}
void Http2Connection::consume(std::int32_t stream, std::size_t bytes) {
  link_->session().consume(stream, bytes);
}
std::size_t Http2Connection::waiting(std::int32_t stream) const {
  return link_->session().waiting(stream);
}
void Http2Connection::abandon(std::int32_t stream) {
  link_->abandon(stream);
}

Result<> Http2Connection::flush(Fiber& self, Instant deadline) {
  // Shared: the connection may be let go of while we are parked.
  const std::shared_ptr<Link> link = link_;
  return link->flush(self, deadline);
}

bool Http2Connection::usable() const {
  return link_->usable();
}
std::size_t Http2Connection::streams_allowed() const {
  return link_->session().streams_allowed();
}
bool Http2Connection::greeted() const {
  return link_->session().greeted();
}
std::optional<Http2Fault> Http2Connection::fault() const {
  return link_->session().fault();
}
Endpoint Http2Connection::peer() const {
  return link_->dialed().stream->peer();
}
const DialTimings& Http2Connection::timings() const {
  return link_->dialed().timings;
}
const TlsInfo& Http2Connection::tls() const {
  return link_->dialed().tls;
}
std::uint64_t Http2Connection::bytes_sent() const {
  return link_->dialed().stream->bytes_sent();
}
std::uint64_t Http2Connection::bytes_received() const {
  return link_->dialed().stream->bytes_received();
}

}  // namespace brunt
