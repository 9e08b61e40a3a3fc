// The streams of k6/net/grpc: a fiber receives, the virtual user's fiber writes and hears.
#include <fmt/format.h>

#include "script/classes.h"
#include "script/grpc_session.h"

namespace brunt {
namespace {

struct ScriptGrpcStream {
  explicit ScriptGrpcStream(ScriptGrpcCall its_call)
      : call(std::move(its_call)), stream(*call.channel) {}

  ScriptGrpcCall call;
  GrpcStream stream;
  bool writes = true;        // end() has not been called.
  std::size_t unheard = 0;   // Messages that the script has not dealt with.
  Fiber* waiting = nullptr;  // For that.
};

// Beyond it the server is not read from until the script has caught up.
constexpr std::size_t unheard_max = 64;

// Shared by the script's object and the receiving fiber.
using StreamHeld = std::shared_ptr<ScriptGrpcStream>;

std::int64_t seconds_now(JSContext* context) {
  return Engine::of(context).fiber->loop().wall().unix_ns / 1'000'000'000;
}

// Calls listener(event, value, seconds); takes the value. False: an exception is pending.
bool tell(JSContext* context, JSValueConst listener, const char* event, JSValue value) {
  const JsValue held(context, value), name(context, js_string(context, event));
  if (held.failed()) return false;
  const JsValue seconds(context, JS_NewInt64(context, seconds_now(context)));
  JSValueConst arguments[] = {name.get(), held.get(), seconds.get()};
  return !JsValue(context, JS_Call(context, listener, js_undefined, 3, arguments)).failed();
}

// What a fiber of its own does.
class Receiver {
 public:
  Receiver(Engine& engine, StreamHeld held, JSValueConst listener)
      : engine_(engine),
        held_(std::move(held)),
        // Shared by the callbacks; let go with the last of them.
        listener_(
            std::make_shared<JsValue>(engine.context(), JS_DupValue(engine.context(), listener))),
        operation_(engine.events.begin()) {}

  EventLoop::Callback run(Fiber& self) {
    std::string message;
    for (;;) {
      const auto received = held_->stream.receive(self, message);
      if (!received) return {};
      if (!*received) break;
      tell_metadata();
      if (!take(self, message)) return {};
    }
    tell_metadata();
    record_grpc(engine_, held_->call, held_->stream.reply());
    return [listener = listener_, held = held_](JSContext* context) {
      const GrpcStatus& status = held->stream.reply().status;
      if (!status.ok() && !tell(context, listener->get(), "error",
                                grpc_error_object(context, status, *held->call.found.schema)))
        return false;
      return tell(context, listener->get(), "end", JS_NewObject(context));
    };
  }

 private:
  bool take(Fiber& self, std::string_view message) {
    count_grpc(engine_, held_->call, MetricId::grpc_streams_msgs_received);
    const ScriptGrpcCall& call = held_->call;
    std::string json;
    if (call.discards) {
      json = "{}";
    } else if (auto printed =
                   call.found.schema->append_json(*call.found.method->response, message, json);
               !printed) {
      held_->stream.cancel({GrpcCode::unknown, printed.error().text, ""});
      return true;
    }
    ++held_->unheard;
    operation_.post(
        [held = held_, listener = listener_, json = std::move(json)](JSContext* context) {
          --held->unheard;
          if (held->waiting != nullptr) held->waiting->wake();
          return tell(context, listener->get(), "data",
                      JS_ParseJSON(context, json.c_str(), json.size(), "<message>"));
        });
    Result<> parked;
    held_->waiting = &self;
    while (parked && held_->unheard >= unheard_max)
      parked = self.park(far_future, "a script that listens to a gRPC stream");
    held_->waiting = nullptr;
    return parked.has_value();
  }

  void tell_metadata() {
    const GrpcMetadata& headers = held_->stream.reply().headers;
    if (told_metadata_ || headers.empty()) return;
    told_metadata_ = true;
    operation_.post([listener = listener_, headers](JSContext* context) {
      return tell(context, listener->get(), "metadata", grpc_metadata_object(context, headers));
    });
  }

  Engine& engine_;
  StreamHeld held_;
  // Shared: see above.
  std::shared_ptr<JsValue> listener_;
  EventLoop::Operation operation_;
  bool told_metadata_ = false;
};

ScriptGrpcStream& stream_of(JSValueConst object) {
  return **static_cast<StreamHeld*>(JS_GetOpaque(object, class_ids().grpc_stream));
}

// True: what was taken is on its way.
JSValue flush(JSContext* context, ScriptGrpcStream& held) {
  const auto flushed = held.stream.flush(*Engine::of(context).fiber);
  return flushed ? js_undefined : throw_error(context, flushed.error().text);
}

}  // namespace

JSValue open_grpc_stream(JSContext* context, ScriptGrpcCall call, JSValueConst listener) {
  Engine& engine = Engine::of(context);
  // Shared: see StreamHeld.
  auto held = std::make_shared<ScriptGrpcStream>(std::move(call));
  Fiber& self = *engine.fiber;
  auto opened = held->stream.open(self, held->call.call(self.now()));
  if (opened) opened = held->stream.flush(self);
  if (!opened) return throw_error(context, opened.error().text);
  count_grpc(engine, held->call, MetricId::grpc_streams);
  JsValue object(context, native_object<&ClassIds::grpc_stream>(
                              context, "GrpcStream", std::make_unique<StreamHeld>(held)));
  if (object.failed()) return js_exception;
  const auto started = engine.events.start(
      "grpc.Stream",
      [receiver = Receiver(engine, std::move(held), listener)](
          Fiber& fiber) mutable -> EventLoop::Callback { return receiver.run(fiber); });
  return started ? object.release() : throw_error(context, started.error().text);
}

JSValue write_grpc_stream(JSContext* context, JSValueConst stream, JSValueConst json) {
  ScriptGrpcStream& held = stream_of(stream);
  if (!held.writes || held.stream.has_ended()) return js_undefined;
  const JsText text(context, json);
  if (!text.ok()) return js_exception;
  const auto bytes = held.call.found.schema->encode(*held.call.found.method->request, text.view());
  if (!bytes) {
    held.stream.cancel({GrpcCode::unknown,
                        "can't serialise request object to protocol buffer: " + bytes.error().text,
                        ""});
  } else if (held.stream.send(*bytes)) {
    count_grpc(Engine::of(context), held.call, MetricId::grpc_streams_msgs_sent);
  }
  return flush(context, held);
}

JSValue end_grpc_stream(JSContext* context, JSValueConst stream) {
  ScriptGrpcStream& held = stream_of(stream);
  if (!std::exchange(held.writes, false)) return js_undefined;
  held.stream.finish();
  return flush(context, held);
}

}  // namespace brunt
