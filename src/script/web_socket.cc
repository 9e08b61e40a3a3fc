#include "script/web_socket.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "script/cookie_jar.h"
#include "script/script_bytes.h"
#include "script/tag_text.h"

namespace brunt {
namespace {

bool refuse(JSContext* context, std::string_view text) {
  (void)throw_error(context, text);
  return false;
}

// As k6 tells it: "websocket: close 1011 (internal server error): reason".
std::string close_words(std::uint16_t code, std::string_view reason) {
  std::string text = fmt::format("websocket: close {}", code);
  if (const auto words = websocket_code_words(code); !words.empty())
    text.append(" (").append(words).append(")");
  if (!reason.empty()) text.append(": ").append(reason);
  return text;
}

bool is_ordinary(std::uint16_t code) {
  return code == WebSocketCode::normal || code == WebSocketCode::going_away;
}

}  // namespace

ScriptSocket::ScriptSocket(Engine& engine, Kind kind)
    : engine_(engine),
      kind_(kind),
      client_(engine.body->scenario().shared.http, engine.body->websocket_options()),
      own_events_(engine),
      tags_(engine.tag_text()),
      group_(engine.group) {}

bool ScriptSocket::read_parameter(JSContext* context, const std::string& key, JSValueConst value) {
  if (key == "headers") {
    bool good = true;
    for_each_property(context, value, [&](const std::string& name, JSValueConst one) {
      const JsText text(context, one);
      if ((good = text.ok())) fields_.emplace_back(name, text.view());
      return good;
    });
    return good;
  }
  if (key == "tags") return append_tags(context, value, tags_, &name_);
  if (key == "jar") return is_nothing(value) || read_cookie_jar(context, value, jar_);
  if (key == "compression") {
    const std::string text = text_of(context, value);
    const std::string_view algorithm = trim(text);
    if (algorithm.empty() && kind_ == Kind::blocking) return true;
    offers_deflate_ = algorithm == "deflate";
    return offers_deflate_ ||
           refuse(context, fmt::format("unsupported compression algorithm '{}', supported "
                                       "algorithm is 'deflate'",
                                       algorithm));
  }
  return kind_ == Kind::blocking ||
         refuse(context, fmt::format("unknown WebSocket's option {}", key));
}

bool ScriptSocket::read_arguments(JSContext* context, const SocketArguments& arguments) {
  const std::string url_text = text_of(context, arguments.url);
  bool good = true;
  if (JS_IsObject(arguments.params))
    for_each_property(context, arguments.params, [&](const std::string& key, JSValueConst value) {
      return good = read_parameter(context, key, value);
    });
  if (!good) return false;
  if (!is_nothing(arguments.protocols)) {
    std::string protocols;
    if (JS_IsArray(context, arguments.protocols) > 0)
      for_each_property(context, arguments.protocols, [&](const std::string&, JSValueConst one) {
        protocols.append(protocols.empty() ? "" : ", ").append(text_of(context, one));
        return true;
      });
    else
      protocols = text_of(context, arguments.protocols);
    if (!protocols.empty()) fields_.emplace_back("Sec-WebSocket-Protocol", std::move(protocols));
  }
  if (name_.empty()) name_ = engine_.body->name_of_url(url_text);
  auto url = parse_websocket_url(url_text);
  if (url) {
    url_ = std::move(*url);
    return true;
  }
  if (kind_ == Kind::background) return refuse(context, url.error().text);
  reply_.failure = RequestFailure{.code = 1020,
                                  .message = "malformed ws or wss URL",
                                  .cause = ErrorCode::invalid,
                                  .detail = url.error().text};
  return true;
}

Result<> ScriptSocket::start(const SharedSocket& socket, JSContext* context,
                             JSValueConst dispatch) {
  return socket->engine_.events.start(
      "websocket",
      [shared = socket, context, shown = JsValue(context, JS_DupValue(context, dispatch)),
       operation = socket->events().begin()](Fiber& self) mutable -> EventLoop::Callback {
        // Let go of here and not with the fiber, which may outlive the engine by a moment.
        const JsValue held = std::move(shown);
        const SharedSocket own = std::move(shared);
        Told told{own, context, held.get(), std::move(operation)};
        own->live(self, told);
        return [](JSContext*) { return true; };
      });
}

void ScriptSocket::Told::tell(Event event) {
  socket->untold_bytes_ += event.value.size();
  operation.post([held = socket, shown = JsValue(context, JS_DupValue(context, dispatch)),
                  event = std::move(event)](JSContext* running) {
    held->untold_bytes_ -= event.value.size();
    if (held->held_back_ != nullptr) held->held_back_->wake();
    const JsValue kind(running, js_string(running, event.kind));
    const JsValue value(running, event.is_binary ? js_array_buffer(running, event.value)
                                                 : js_string(running, event.value));
    JSValueConst arguments[] = {kind.get(), value.get(), JS_NewInt32(running, event.code)};
    const JsValue done(running, JS_Call(running, shown.get(), js_undefined, 3, arguments));
    return !done.failed();
  });
}

void ScriptSocket::live(Fiber& self, Told& told) {
  started_ = self.loop().precise_now();
  if (!reply_.failure) connect(self);
  answered_ = true;
  const std::string refused = refusal();
  Result<> done;
  if (refused.empty()) {
    if (kind_ == Kind::background)
      told.tell({.kind = "open", .value = agreed()});
    else
      told.operation.post([](JSContext*) { return true; });  // Wakes who waits for the answer.
    if (close_code_ != 0) client_.close(close_code_, close_reason_);
    const auto taker = [&](const WebSocketMessage& message) { take(message, told); };
    while (done && !client_.is_over()) {
      done = hold_back(self);
      if (done) done = client_.receive(self, far_future, taker);
    }
    tell_end(done, told);
    if (self.cancelled())
      client_.abandon(self);
    else
      client_.end(self);
  } else if (kind_ == Kind::background) {
    told.tell({.kind = "error", .value = refused});
    told.tell({.kind = "close"});
  }
  engine_.vu->bytes_sent += client_.bytes_sent();
  engine_.vu->bytes_received += client_.bytes_received();
  if (kind_ == Kind::background) reply_.release();
  // After all that was told before it. Not shared: own_events_ is a part of it.
  if (kind_ == Kind::blocking) told.operation.post([this](JSContext*) { return ended_ = true; });
  told.operation.end();
  // Nobody waits any more: what is held would hold the socket.
  if (self.cancelled()) own_events_.clear();
}

void ScriptSocket::add_cookies(std::vector<HttpField>& fields, std::string& line) {
  CookieJar& jar = jar_ ? *jar_ : engine_.vu->session.cookies();
  const auto own = std::ranges::find_if(
      fields, [](const HttpField& field) { return equal_ignoring_case(field.name, "cookie"); });
  if (own != fields.end()) line.assign(own->value).append("; ");
  if (!jar.append_cookie_field(line, url_, engine_.fiber->loop().wall())) return;
  if (own != fields.end())
    own->value = line;
  else
    fields.push_back({"Cookie", line});
}

void ScriptSocket::keep_cookies() {
  CookieJar& jar = jar_ ? *jar_ : engine_.vu->session.cookies();
  for (const HttpField field : reply_.fields())
    // One that the jar refuses is no failure of the handshake.
    if (equal_ignoring_case(field.name, "set-cookie"))
      (void)jar.store(url_, field.value, engine_.fiber->loop().wall());
}

void ScriptSocket::connect(Fiber& self) {
  std::vector<HttpField> fields;
  const bool has_agent = std::ranges::any_of(
      fields_, [](const auto& field) { return equal_ignoring_case(field.first, "user-agent"); });
  if (!has_agent) fields.push_back({"User-Agent", engine_.body->session_options().user_agent});
  for (const auto& [name, value] : fields_) fields.push_back({name, value});
  std::string cookies;
  add_cookies(fields, cookies);
  const auto connected =
      client_.connect(self, {.url = url_, .fields = fields, .offers_deflate = offers_deflate_},
                      reply_, self.now() + limits_.handshake_timeout);
  if (!connected) return;  // Cut off at the end of the run: neither success nor failure.
  keep_cookies();
  record_opening();
}

std::string ScriptSocket::refusal() const {
  if (reply_.failure) {
    const RequestFailure& failure = *reply_.failure;
    return failure.detail.starts_with("websocket: ") ? failure.detail
                                                     : std::string(failure.message);
  }
  return reply_.status() == 101 ? "" : "websocket: bad handshake";
}

// The subprotocol, then the extensions, a line each.
std::string ScriptSocket::agreed() const {
  std::string lines(reply_.fields().find("sec-websocket-protocol").value_or(""));
  for (const HttpField field : reply_.fields())
    if (equal_ignoring_case(field.name, "sec-websocket-extensions"))
      lines.append("\n").append(field.value);
  return lines;
}

// Sessions and handshakes count whether they succeed or not, as in k6.
void ScriptSocket::record_opening() {
  ScriptBody& body = *engine_.body;
  if (reply_.failure && is_news(body.scenario(), *reply_.failure))
    body.scenario().shared.watcher.step_failed(body.scenario().scenario.name,
                                               reply_.failure->detail);
  begin_samples(body.scenario(), *engine_.vu);
  std::string tags = tags_;
  append_tag(tags, "url", name_);
  append_tag(tags, "name", name_);
  if (reply_.ok()) append_tag(tags, "status", std::to_string(reply_.status()));
  if (const auto protocol = reply_.fields().find("sec-websocket-protocol"))
    append_tag(tags, "subproto", *protocol);
  const auto series = [&](MetricId metric) { return &body.metric_series(metric, group_, tags); };
  series(MetricId::ws_sessions)->add(1.0);
  series(MetricId::ws_connecting)->add(reply_.timings.ended() - reply_.timings.started);
  duration_ = series(MetricId::ws_session_duration);
  if (!client_.is_open()) {
    if (kind_ == Kind::blocking) duration_->add(engine_.fiber->loop().precise_now() - started_);
    return;
  }
  sent_ = series(MetricId::ws_msgs_sent);
  received_ = series(MetricId::ws_msgs_received);
  ping_ = series(MetricId::ws_ping);
}

Result<> ScriptSocket::hold_back(Fiber& self) {
  while (untold_bytes_ > limits_.untold_bytes_max) {
    held_back_ = &self;
    const auto woken = self.park(far_future, "a script to take its messages");
    held_back_ = nullptr;
    TRY(woken);
  }
  return {};
}

void ScriptSocket::take(const WebSocketMessage& message, Told& told) {
  begin_samples(engine_.body->scenario(), *engine_.vu);
  switch (message.opcode) {
    case WebSocketOpcode::ping:
      return told.tell({.kind = "ping"});
    case WebSocketOpcode::pong:
      take_pong(message.payload);
      return told.tell({.kind = "pong"});
    case WebSocketOpcode::close:
      // As in k6 also where the code is what the script closed with.
      close_reason_ = message.payload;
      if (!is_ordinary(message.close_code))
        told.tell({.kind = "error", .value = close_words(message.close_code, message.payload)});
      close_code_ = message.close_code;
      return;
    default:
      if (close_code_ != 0) return;
      received_->add(1.0);
      told.tell({.kind = "message",
                 .value = std::string(message.payload),
                 .is_binary = message.opcode == WebSocketOpcode::binary});
  }
}

void ScriptSocket::take_pong(std::string_view payload) {
  std::uint64_t id = 0;
  const auto read = std::from_chars(payload.data(), payload.data() + payload.size(), id);
  if (read.ec != std::errc() || read.ptr != payload.data() + payload.size()) return;
  const auto asked = pings_.find(id);
  if (asked == pings_.end()) return;
  ping_->add(engine_.fiber->loop().precise_now() - asked->second);
  pings_.erase(asked);
}

void ScriptSocket::tell_end(const Result<>& done, Told& told) {
  if (!engine_.interrupted()) {
    begin_samples(engine_.body->scenario(), *engine_.vu);
    duration_->add(engine_.fiber->loop().precise_now() - started_);
  }
  if (!done) tell_cut(done.error(), told);
  told.tell({.kind = "close", .value = close_reason_, .code = close_code_});
}

// Of a connection that ended without the peer's close.
void ScriptSocket::tell_cut(const Error& error, Told& told) {
  if (error.code == ErrorCode::cancelled) return;
  const bool broke_protocol = error.code == ErrorCode::malformed ||
                              error.code == ErrorCode::invalid ||
                              error.code == ErrorCode::too_large;
  if (broke_protocol || error.code == ErrorCode::closed) {
    close_code_ = broke_protocol ? websocket_code_of(error.code) : WebSocketCode::abnormal;
    close_reason_ = broke_protocol ? error.text : "unexpected EOF";
    return told.tell({.kind = "error", .value = close_words(close_code_, close_reason_)});
  }
  close_reason_.clear();
  if (close_code_ != 0) return;  // The peer has not answered our close in time.
  // k6 tells the script of no error here; people are told.
  engine_.body->scenario().shared.watcher.step_failed(engine_.body->scenario().scenario.name,
                                                      "websocket: " + error.text);
  if (kind_ == Kind::blocking) close_code_ = WebSocketCode::going_away;
}

Result<> ScriptSocket::wait_until_answered() {
  return own_events_.run(*engine_.fiber, [this] { return answered_; });
}

Result<> ScriptSocket::wait_until_ended() {
  TRY(own_events_.run(*engine_.fiber, [this] { return ended_; }));
  own_events_.clear();  // Timers that are not due yet.
  return {};
}

Result<> ScriptSocket::send(WebSocketOpcode opcode, std::string_view payload) {
  TRY(client_.send(opcode, payload));
  sent_->add(1.0);
  if (kind_ == Kind::background) return {};
  return client_.drain(*engine_.fiber, limits_.queued_bytes_max);
}

Result<> ScriptSocket::ping() {
  TRY(client_.send(WebSocketOpcode::ping, std::to_string(ping_next_)));
  pings_.emplace(ping_next_++, engine_.fiber->loop().precise_now());
  if (pings_.size() > limits_.pings_max) pings_.erase(pings_.begin());
  return {};
}

void ScriptSocket::close(std::uint16_t code, std::string_view reason) {
  if (close_code_ != 0) return;
  close_code_ = code;
  close_reason_ = reason;
  client_.close(code, reason);
}

Result<> ScriptSocket::add_timer(EventLoop::Timer timer) {
  TRY(own_events_.add_timer(std::move(timer)));
  return {};
}

}  // namespace brunt
