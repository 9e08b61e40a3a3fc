// What is native in library/websocket.js.
#include <array>

#include "base/units.h"
#include "script/classes.h"
#include "script/exchange.h"
#include "script/library.h"
#include "script/script_bytes.h"
#include "script/web_socket.h"

namespace brunt {
namespace {

// nullptr: an exception is pending.
ScriptSocket* socket_of(JSContext* context, JSValueConst value) {
  auto* held = static_cast<SharedSocket*>(JS_GetOpaque2(context, value, class_ids().web_socket));
  return held != nullptr ? held->get() : nullptr;
}

// (url, protocols, params, dispatch, is_blocking): the socket, which begins to connect.
JSValue js_open(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  Engine& engine = Engine::of(context);
  if (engine.body == nullptr)
    return throw_error(context,
                       "using websockets in the init context is not supported: put them into the "
                       "default function or setup()");
  const auto kind = JS_ToBool(context, arguments[4]) > 0 ? ScriptSocket::Kind::blocking
                                                         : ScriptSocket::Kind::background;
  auto socket = std::make_shared<ScriptSocket>(engine, kind);
  if (!socket->read_arguments(
          context, {.url = arguments[0], .protocols = arguments[1], .params = arguments[2]}))
    return js_exception;
  if (const auto started = ScriptSocket::start(socket, context, arguments[3]); !started)
    return throw_error(context, started.error().text);
  return native_object<&ClassIds::web_socket>(context, "Socket",
                                              std::make_unique<SharedSocket>(std::move(socket)));
}

// (socket): what ws.connect() returns; parks until it is known.
JSValue js_answer(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  ScriptSocket* socket = socket_of(context, arguments[0]);
  if (socket == nullptr) return js_exception;
  if (!socket->wait_until_answered()) return throw_error(context, "the run ends");
  const HttpReply& reply = socket->reply();
  const JSValue answer = JS_NewObject(context);
  set_property(context, answer, "status", JS_NewInt32(context, reply.status()));
  set_property(context, answer, "headers", js_headers(context, reply.fields()));
  set_property(context, answer, "body", js_string(context, reply.body()));
  set_property(context, answer, "error", js_string(context, socket->refusal()));
  socket->release_reply();
  return answer;
}

// (socket): parks until it has ended; its events come meanwhile.
JSValue js_run(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  ScriptSocket* socket = socket_of(context, arguments[0]);
  if (socket == nullptr) return js_exception;
  const auto ran = socket->wait_until_ended();
  return ran ? js_undefined : throw_error(context, ran.error().text);
}

// (socket, data, is_binary): undefined, or why it could not be sent.
JSValue js_send(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  ScriptSocket* socket = socket_of(context, arguments[0]);
  std::string bytes;
  if (socket == nullptr || !read_bytes(context, arguments[1], bytes)) return js_exception;
  const bool is_binary = JS_ToBool(context, arguments[2]) > 0;
  const auto sent =
      socket->send(is_binary ? WebSocketOpcode::binary : WebSocketOpcode::text, bytes);
  return sent ? js_undefined : js_string(context, sent.error().text);
}

JSValue js_ping(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  ScriptSocket* socket = socket_of(context, arguments[0]);
  if (socket == nullptr) return js_exception;
  const auto sent = socket->ping();
  return sent ? js_undefined : js_string(context, sent.error().text);
}

// (socket, code, reason)
JSValue js_close(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  ScriptSocket* socket = socket_of(context, arguments[0]);
  std::uint32_t code = 0;
  if (socket == nullptr || JS_ToUint32(context, &code, arguments[1]) < 0) return js_exception;
  socket->close(static_cast<std::uint16_t>(code), text_of(context, arguments[2]));
  return js_undefined;
}

JSValue js_buffered(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  const ScriptSocket* socket = socket_of(context, arguments[0]);
  if (socket == nullptr) return js_exception;
  return JS_NewInt64(context, static_cast<std::int64_t>(socket->buffered_bytes()));
}

// (socket, function, milliseconds, repeats)
JSValue js_timer(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  ScriptSocket* socket = socket_of(context, arguments[0]);
  double milliseconds = 0;
  if (socket == nullptr || JS_ToFloat64(context, &milliseconds, arguments[2]) < 0)
    return js_exception;
  constexpr double longest = 1e12;
  const auto added =
      socket->add_timer({.callback = arguments[1],
                         .arguments = {},
                         .delay = from_seconds(std::min(milliseconds, longest) / 1000 /
                                               Engine::of(context).bundle->time_scale),
                         .repeats = JS_ToBool(context, arguments[3]) > 0});
  return added ? js_undefined : throw_error(context, added.error().text);
}

// Whether options.throw is set.
JSValue js_throws(JSContext* context, JSValueConst, int, JSValueConst*) {
  return js_bool(Engine::of(context).bundle->http.throws);
}

// The library of streams, for a Blob's.
JSValue js_streams(JSContext* context, JSValueConst, int, JSValueConst*) {
  return library(context, "streams");
}

constexpr std::array<JsFunction, 10> natives = {{{"open", js_open, 5},
                                                 {"answer", js_answer, 1},
                                                 {"run", js_run, 1},
                                                 {"send", js_send, 3},
                                                 {"ping", js_ping, 1},
                                                 {"close", js_close, 3},
                                                 {"buffered", js_buffered, 1},
                                                 {"timer", js_timer, 4},
                                                 {"throws", js_throws, 0},
                                                 {"streams", js_streams, 0}}};

}  // namespace

std::span<const JsFunction> websocket_natives() {
  return natives;
}

}  // namespace brunt
