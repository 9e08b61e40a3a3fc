// One WebSocket of a script, whichever module it came by: read from a call's arguments, opened and
// read by a fiber of its own, measured as k6 does, and told to the script event by event.
//
//   auto socket = std::make_shared<ScriptSocket>(engine, ScriptSocket::Kind::blocking);
//   if (!socket->read_arguments(context, {...})) return js_exception;
//   TRY(ScriptSocket::start(socket, context, dispatch));
//
// `dispatch` is the script's side of it (library/websocket.js): dispatch(kind, value, code) on the
// VU's fiber, for "open", "message", "ping", "pong", "error", "close". A blocking socket's events
// wait until the script waits for them in events(); those of another are the VU's own.
//
// The fiber belongs to Engine::events: when an iteration is broken off it tells the peer and ends.
// For this layer only.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client/websocket_client.h"
#include "script/engine.h"
#include "script/script_body.h"

namespace brunt {

struct SocketArguments {
  JSValueConst url;
  JSValueConst protocols;  // undefined, a text, or a list of texts.
  JSValueConst params;     // undefined: none.
};

class ScriptSocket;
// Shared by the script's object and the fiber: either may go first.
using SharedSocket = std::shared_ptr<ScriptSocket>;

class ScriptSocket {
 public:
  enum class Kind : std::uint8_t {
    blocking,    // k6/ws
    background,  // k6/websockets
  };

  ScriptSocket(Engine& engine, Kind kind);

  // REQUIRES: not in init code. False: an exception is pending.
  bool read_arguments(JSContext* context, const SocketArguments& arguments);
  // Errors: exhausted.
  static Result<> start(const SharedSocket& socket, JSContext* context, JSValueConst dispatch);

  // Both park the VU's fiber. Errors: cancelled.
  Result<> wait_until_answered();
  Result<> wait_until_ended();

  // The server's answer; the failure where there is none. "": it is open.
  const HttpReply& reply() const { return reply_; }
  std::string refusal() const;
  void release_reply() { reply_.release(); }  // Once it has been looked at.

  // A blocking socket waits while too much is queued. Errors: as WebSocketClient::send().
  Result<> send(WebSocketOpcode opcode, std::string_view payload);
  Result<> ping();
  void close(std::uint16_t code, std::string_view reason);
  std::size_t buffered_bytes() const { return client_.queued_bytes(); }
  // Of ws.connect's socket. Errors: exhausted.
  Result<> add_timer(EventLoop::Timer timer);

 private:
  struct Limits {
    Duration handshake_timeout = std::chrono::seconds(60);  // k6's.
    // What the script has not taken yet; beyond it nothing more is read.
    std::size_t untold_bytes_max = 1u << 20u;
    std::size_t queued_bytes_max = 1u << 20u;  // Then a blocking send() waits.
    std::size_t pings_max = 1'000;             // Unanswered ones that are remembered.
  };
  struct Event {
    const char* kind;
    std::string value = {};
    std::uint16_t code = 0;
    bool is_binary = false;
  };
  // Where the fiber tells what happens.
  struct Told {
    const SharedSocket& socket;
    JSContext* context;
    JSValueConst dispatch;
    EventLoop::Operation operation;
    void tell(Event event);
  };

  bool read_parameter(JSContext* context, const std::string& key, JSValueConst value);
  EventLoop& events() { return kind_ == Kind::blocking ? own_events_ : engine_.events; }
  void live(Fiber& self, Told& told);
  void connect(Fiber& self);
  void add_cookies(std::vector<HttpField>& fields, std::string& line);
  void keep_cookies();
  void record_opening();
  void take(const WebSocketMessage& message, Told& told);
  void take_pong(std::string_view payload);
  Result<> hold_back(Fiber& self);
  std::string agreed() const;
  void tell_end(const Result<>& done, Told& told);
  void tell_cut(const Error& error, Told& told);

  Engine& engine_;
  Kind kind_;
  Limits limits_;
  WebSocketClient client_;
  EventLoop own_events_;
  Url url_;
  std::string name_, tags_;  // tag_text.h.
  std::uint32_t group_ = 0;
  std::vector<std::pair<std::string, std::string>> fields_;
  std::shared_ptr<CookieJar> jar_;  // Shared with the script's object; nullptr: the VU's own.
  bool offers_deflate_ = false;
  HttpReply reply_;
  Series* sent_ = nullptr;
  Series* received_ = nullptr;
  Series* ping_ = nullptr;
  Series* duration_ = nullptr;
  Instant started_{};
  std::map<std::uint64_t, Instant> pings_;
  std::uint64_t ping_next_ = 0;
  std::size_t untold_bytes_ = 0;
  Fiber* held_back_ = nullptr;
  std::uint16_t close_code_ = 0;  // Ours.
  std::string close_reason_;
  bool answered_ = false, ended_ = false;
};

}  // namespace brunt
