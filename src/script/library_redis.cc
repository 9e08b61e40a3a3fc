// What is native in library/redis.js.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <optional>

#include "base/units.h"
#include "client/redis_client.h"
#include "script/classes.h"
#include "script/library.h"
#include "script/script_body.h"

namespace brunt {
namespace {

// A client of a script. Its commands take turns, in the order in which they were called.
struct RedisLine {
  RedisTarget target;
  bool is_tls = false;
  TlsClientOptions tls_options;     // Of its own, where one is given.
  std::unique_ptr<TlsContext> tls;  // The same.
  Duration dial_max{}, read_max{};
  std::optional<RedisClient> client;  // From the first command on.
  bool busy = false;
  std::deque<Fiber*> waiting;

  Result<> take_turn(Fiber& self);
  void end_turn();
  Result<> make_client(HttpContext& http);
  // Errors: with what Redis or the connection says.
  Result<std::string> send(Fiber& self, Engine& engine, std::string_view bytes);
};

Result<> RedisLine::take_turn(Fiber& self) {
  if (!std::exchange(busy, true)) return {};
  waiting.push_back(&self);
  Result<> parked;
  while (parked && std::ranges::find(waiting, &self) != waiting.end())
    parked = self.park(far_future, "redis");
  if (parked) return {};
  if (std::erase(waiting, &self) == 0) end_turn();  // It had just been given the turn.
  return parked;
}

void RedisLine::end_turn() {
  busy = !waiting.empty();
  if (!busy) return;
  waiting.front()->wake();
  waiting.pop_front();
}

Result<> RedisLine::make_client(HttpContext& http) {
  if (client) return {};
  const bool has_own = !tls_options.ca_file.empty() || !tls_options.certificate.empty();
  if (is_tls && has_own) tls = TRY(TlsContext::client(tls_options));
  if (is_tls) target.tls = has_own ? tls.get() : http.tls;
  client.emplace(http.loop, http.dialer, target);
  return {};
}

Result<std::string> RedisLine::send(Fiber& self, Engine& engine, std::string_view bytes) {
  TRY(take_turn(self));
  RedisReply reply;
  Result<> sent = make_client(engine.body->scenario().shared.http);
  if (sent)
    sent = client->send(self, {.bytes = bytes, .count = 1, .as_list = true}, reply,
                        self.now() + dial_max + read_max);
  end_turn();
  engine.vu->bytes_sent += reply.bytes_sent;
  engine.vu->bytes_received += reply.bytes_received;
  TRY(sent);
  if (reply.ok()) return std::move(reply.body);
  return fail(reply.failure->cause, reply.failure->detail.empty()
                                        ? std::string(reply.failure->message)
                                        : reply.failure->detail);
}

RedisLine& line_of(JSValueConst object) {
  return *static_cast<RedisLine*>(JS_GetOpaque(object, class_ids().redis));
}

// Seconds; k6's -1 is none.
Duration limit_of(JSContext* context, JSValueConst settings, const char* name) {
  constexpr double longest = 1e6;
  double seconds = 0;
  const JsValue value = property(context, settings, name);
  if (JS_ToFloat64(context, &seconds, value.get()) < 0 || !(seconds >= 0)) seconds = longest;
  return from_seconds(std::min(seconds, longest));
}

// (settings)
JSValue js_open(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  JSValueConst settings = arguments[0];
  auto line = std::make_unique<RedisLine>();
  std::string url = text_property(context, settings, "url");
  line->is_tls = url.starts_with("rediss://") ||
                 JS_ToBool(context, property(context, settings, "tls").get()) > 0;
  if (url.starts_with("rediss://")) url.erase(5, 1);
  auto target = parse_redis_target(url);
  if (!target) return throw_error(context, target.error().text);
  line->target = std::move(*target);
  if (std::string user = text_property(context, settings, "username"); !user.empty())
    line->target.user = std::move(user);
  if (std::string word = text_property(context, settings, "password"); !word.empty())
    line->target.password = std::move(word);
  line->tls_options.ca_file = text_property(context, settings, "ca");
  line->tls_options.certificate = text_property(context, settings, "cert");
  line->tls_options.key = text_property(context, settings, "key");
  line->dial_max = limit_of(context, settings, "dialTimeout");
  line->read_max = limit_of(context, settings, "readTimeout");
  return native_object<&ClassIds::redis>(context, "RedisLine", std::move(line));
}

std::string encoded(JSContext* context, JSValueConst list) {
  std::vector<std::string> words;
  for_each_property(context, list, [&](const std::string&, JSValueConst word) {
    words.push_back(text_of(context, word));
    return true;
  });
  const std::vector<std::string_view> views(words.begin(), words.end());
  std::string bytes;
  append_resp_command(bytes, views);
  return bytes;
}

// (line, words): a promise of the reply in a JSON list.
JSValue js_send(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  Engine& engine = Engine::of(context);
  if (engine.body == nullptr)
    return throw_error(context,
                       "redis: there are no connections in init code, outside of functions");
  JsPromise promise(context);
  JsValue shown(context, promise.value());
  const auto started = engine.events.start(
      "redis",
      [&engine, promise = std::move(promise),
       line = JsValue(context, JS_DupValue(context, arguments[0])),
       bytes = encoded(context, arguments[1])](Fiber& fiber) mutable -> EventLoop::Callback {
        auto reply = line_of(line.get()).send(fiber, engine, bytes);
        return
            [promise = std::move(promise), reply = std::move(reply)](JSContext* running) mutable {
              return promise.resolve(reply ? js_string(running, *reply)
                                           : throw_error(running, reply.error().text));
            };
      });
  return started ? shown.release() : throw_error(context, started.error().text);
}

constexpr std::array<JsFunction, 2> natives = {{{"open", js_open, 1}, {"send", js_send, 2}}};

}  // namespace

std::span<const JsFunction> redis_natives() {
  return natives;
}

}  // namespace brunt
