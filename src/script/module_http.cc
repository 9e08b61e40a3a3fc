// The module k6/http: requests one by one, in batches, and the VU's cookie jar.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "loop/fiber_group.h"
#include "script/builtin_modules.h"
#include "script/classes.h"
#include "script/cookie_jar.h"
#include "script/exchange.h"
#include "script/expected_statuses.h"
#include "script/module_exports.h"

namespace brunt {
namespace {

bool may_request(JSContext* context) {
  const Engine& engine = Engine::of(context);
  if (engine.body != nullptr && engine.fiber != nullptr) return true;
  (void)throw_error(context,
                    "Making http requests in the init context is not supported: put them into the "
                    "default function or setup()");
  return false;
}

JSValue argument(int count, JSValueConst* arguments, int index) {
  return index < count ? arguments[index] : js_undefined;
}

}  // namespace

JSValue make_request(JSContext* context, const RequestArguments& arguments) {
  if (!may_request(context)) return js_exception;
  Engine& engine = Engine::of(context);
  auto exchange = engine.body->exchanges().take();
  if (!read_request(context, arguments, *exchange)) {
    engine.body->exchanges().give_back(std::move(exchange));
    return js_exception;
  }
  if (!send_exchange(*engine.fiber, engine, *exchange)) {
    engine.body->exchanges().give_back(std::move(exchange));
    return throw_error(context, "the run ends");
  }
  return make_response(context, std::move(exchange));
}

namespace {

constexpr std::array<const char*, 7> methods = {"GET",   "HEAD",   "POST",   "PUT",
                                                "PATCH", "DELETE", "OPTIONS"};

JSValue js_bodyless(JSContext* context, JSValueConst, int count, JSValueConst* arguments,
                    int method) {
  return make_request(context, {.method = methods[static_cast<std::size_t>(method)],
                                .url = argument(count, arguments, 0),
                                .body = js_undefined,
                                .params = argument(count, arguments, 1)});
}

JSValue js_with_body(JSContext* context, JSValueConst, int count, JSValueConst* arguments,
                     int method) {
  return make_request(context, {.method = methods[static_cast<std::size_t>(method)],
                                .url = argument(count, arguments, 0),
                                .body = argument(count, arguments, 1),
                                .params = argument(count, arguments, 2)});
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return text;
}

JSValue js_request(JSContext* context, JSValueConst, int count, JSValueConst* arguments) {
  const std::string method = upper(text_of(context, argument(count, arguments, 0)));
  return make_request(context, {.method = method,
                                .url = argument(count, arguments, 1),
                                .body = argument(count, arguments, 2),
                                .params = argument(count, arguments, 3)});
}

// The request goes on by itself; the promise comes to its response.
JSValue js_async_request(JSContext* context, JSValueConst, int count, JSValueConst* arguments) {
  if (!may_request(context)) return js_exception;
  Engine& engine = Engine::of(context);
  auto exchange = engine.body->exchanges().take();
  const std::string method = upper(text_of(context, argument(count, arguments, 0)));
  JsPromise promise(context);
  if (!read_request(context,
                    {.method = method,
                     .url = argument(count, arguments, 1),
                     .body = argument(count, arguments, 2),
                     .params = argument(count, arguments, 3)},
                    *exchange)) {
    engine.body->exchanges().give_back(std::move(exchange));
    return js_exception;
  }
  JsValue shown(context, promise.value());
  const auto started =
      engine.events.start("http.asyncRequest",
                          [&engine, promise = std::move(promise), exchange = std::move(exchange)](
                              Fiber& fiber) mutable -> EventLoop::Callback {
                            (void)send_exchange(fiber, engine, *exchange);
                            return [promise = std::move(promise),
                                    exchange = std::move(exchange)](JSContext* running) mutable {
                              return promise.resolve(make_response(running, std::move(exchange)));
                            };
                          });
  return started ? shown.release() : throw_error(context, started.error().text);
}

// One of a batch: a URL, [method, url, body, params], or { method, url, body, params }.
bool read_item(JSContext* context, JSValueConst item, ScriptExchange& exchange) {
  if (!JS_IsObject(item))
    return read_request(
        context, {.method = "GET", .url = item, .body = js_undefined, .params = js_undefined},
        exchange);
  const bool is_list = JS_IsArray(context, item) > 0;
  const auto part = [&](std::uint32_t index, const char* name) {
    return is_list ? JsValue(context, JS_GetPropertyUint32(context, item, index))
                   : property(context, item, name);
  };
  const JsValue method = part(0, "method"), url = part(1, "url"), body = part(2, "body"),
                params = part(3, "params");
  const std::string name = is_nothing(method.get()) ? "GET" : upper(text_of(context, method.get()));
  return read_request(
      context, {.method = name, .url = url.get(), .body = body.get(), .params = params.get()},
      exchange);
}

struct Batch {
  std::vector<std::string> keys;
  std::vector<std::unique_ptr<ScriptExchange>> exchanges;
};

// Every request on a fiber of its own, as many at once as the options allow. False: cut off.
bool send_all(Engine& engine, Batch& batch) {
  std::size_t next = 0;
  const auto work = [&](Fiber& fiber) {
    while (next < batch.exchanges.size())
      if (!send_exchange(fiber, engine, *batch.exchanges[next++])) return;
  };
  FiberGroup group(engine.fiber->loop());
  const std::size_t at_once =
      std::min<std::size_t>(engine.bundle->http.batch_max, batch.exchanges.size());
  for (std::size_t i = 0; i < at_once; ++i)
    if (!group.spawn("http.batch", work)) break;
  return group.join(*engine.fiber) && next >= batch.exchanges.size() && !engine.interrupted();
}

JSValue js_batch(JSContext* context, JSValueConst, int count, JSValueConst* arguments) {
  if (!may_request(context)) return js_exception;
  const JSValueConst requests = argument(count, arguments, 0);
  if (!JS_IsObject(requests))
    return throw_error(context, "http.batch() takes a list or an object of requests");
  Engine& engine = Engine::of(context);
  Batch batch;
  bool good = true;
  for_each_property(context, requests, [&](const std::string& key, JSValueConst item) {
    batch.keys.push_back(key);
    batch.exchanges.push_back(engine.body->exchanges().take());
    return good = read_item(context, item, *batch.exchanges.back());
  });
  const bool sent = good && send_all(engine, batch);
  if (!sent)
    for (auto& exchange : batch.exchanges) engine.body->exchanges().give_back(std::move(exchange));
  if (!good) return js_exception;
  if (!sent) return throw_error(context, "the run ends");
  JsValue result(context,
                 JS_IsArray(context, requests) > 0 ? JS_NewArray(context) : JS_NewObject(context));
  for (std::size_t i = 0; i < batch.keys.size(); ++i) {
    const JSValue response = make_response(context, std::move(batch.exchanges[i]));
    if (JS_IsException(response)) {
      for (++i; i < batch.keys.size(); ++i)
        engine.body->exchanges().give_back(std::move(batch.exchanges[i]));
      return js_exception;
    }
    set_property(context, result.get(), batch.keys[i].c_str(), response);
  }
  return result.release();
}

// http.url`http://host/${id}`: the name is the text with its gaps.
JSValue js_url(JSContext* context, JSValueConst, int count, JSValueConst* arguments) {
  std::string name, url;
  const JsValue length = property(context, argument(count, arguments, 0), "length");
  std::uint32_t parts = 0;
  if (JS_ToUint32(context, &parts, length.get()) < 0) return js_exception;
  for (std::uint32_t i = 0; i < parts; ++i) {
    const JsValue piece(context, JS_GetPropertyUint32(context, arguments[0], i));
    const std::string text = text_of(context, piece.get());
    name += text;
    url += text;
    if (static_cast<int>(i) + 1 >= count) continue;
    name += "${}";
    url += text_of(context, arguments[i + 1]);
  }
  const JSValue made = JS_NewObject(context);
  set_property(context, made, "name", js_string(context, name));
  set_property(context, made, "url", js_string(context, url));
  return made;
}

// http.file(data, filename, type): a part of a form.
JSValue js_file(JSContext* context, JSValueConst, int count, JSValueConst* arguments) {
  const JSValueConst filename = argument(count, arguments, 1), type = argument(count, arguments, 2);
  const JSValue file = JS_NewObject(context);
  set_property(context, file, "data", JS_DupValue(context, argument(count, arguments, 0)));
  set_property(context, file, "filename",
               is_nothing(filename) ? js_string(context, "file") : JS_DupValue(context, filename));
  set_property(context, file, "content_type",
               is_nothing(type) ? js_string(context, "application/octet-stream")
                                : JS_DupValue(context, type));
  JS_DefinePropertyValueStr(context, file, file_mark, js_bool(true), 0);
  return file;
}

JSValue js_set_response_callback(JSContext* context, JSValueConst, int count,
                                 JSValueConst* arguments) {
  std::string expected;
  if (!read_expected(context, argument(count, arguments, 0), expected)) return js_exception;
  Engine::of(context).expected = std::move(expected);
  return js_undefined;
}

struct MethodFunction {
  const char* name;
  JSCFunctionMagic* code;
  int method;  // Index of `methods`.
};
constexpr MethodFunction method_functions[] = {
    {"get", js_bodyless, 0},     {"head", js_bodyless, 1},   {"post", js_with_body, 2},
    {"put", js_with_body, 3},    {"patch", js_with_body, 4}, {"del", js_with_body, 5},
    {"options", js_with_body, 6}};
constexpr JsFunction functions[] = {{"request", js_request, 4},
                                    {"asyncRequest", js_async_request, 4},
                                    {"batch", js_batch, 1},
                                    {"url", js_url, 1},
                                    {"cookieJar", js_cookie_jar, 0},
                                    {"expectedStatuses", js_expected_statuses, 1},
                                    {"file", js_file, 3},
                                    {"setResponseCallback", js_set_response_callback, 1}};

constexpr const char* classes[] = {"CookieJar"};

int fill(JSContext* context, JSModuleDef* module) {
  add_cookie_jar_class(context);
  ModuleExports exports(context, module);
  for (const MethodFunction& one : method_functions)
    exports.give(one.name, JS_NewCFunctionMagic(context, one.code, one.name, 1,
                                                JS_CFUNC_generic_magic, one.method));
  exports.give(functions);
  exports.give(classes[0], JS_NewCFunction2(context, js_new_cookie_jar, classes[0], 0,
                                            JS_CFUNC_constructor_or_func, 0));
  return exports.finish();
}

}  // namespace

JSModuleDef* make_http_module(JSContext* context) {
  return declare_module(context, "k6/http", fill, method_functions, functions, classes);
}

}  // namespace brunt
