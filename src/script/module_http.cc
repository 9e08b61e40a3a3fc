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
#include "script/script_bytes.h"

namespace brunt {
namespace {

bool may_request(JSContext* context,
                 std::string_view what = "Making http requests in the init context") {
  const Engine& engine = Engine::of(context);
  if (engine.body != nullptr && engine.fiber != nullptr) return true;
  (void)throw_error(context, fmt::format("{} is not supported: put it into the default function or "
                                         "setup()",
                                         what));
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
  const Engine& engine = Engine::of(context);
  if (count > 2 && engine.body != nullptr)
    engine.body->warn(
        fmt::format("http.{} only accepts a url and a params argument, but {} "
                    "arguments were given",
                    method == 0 ? "get" : "head", count));
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
  JsValue shown(context, promise.value());
  if (!read_request(context,
                    {.method = method,
                     .url = argument(count, arguments, 1),
                     .body = argument(count, arguments, 2),
                     .params = argument(count, arguments, 3)},
                    *exchange)) {
    engine.body->exchanges().give_back(std::move(exchange));
    return promise.resolve(js_exception) ? shown.release() : js_exception;
  }
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

// What marks an object of http.url``.
constexpr const char* url_mark = "__brunt_url";

// One of a batch: a URL, [method, url, body, params], or { method, url, body, params }.
bool read_item(JSContext* context, const std::string& key, JSValueConst item,
               ScriptExchange& exchange) {
  if (!JS_IsObject(item) || JS_ToBool(context, property(context, item, url_mark).get()) > 0)
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
  if (JS_IsUndefined(url.get())) {
    (void)throw_error(context, fmt::format("batch request {} doesn't have a url key", key));
    return false;
  }
  const std::string name = is_nothing(method.get()) ? "GET" : upper(text_of(context, method.get()));
  const bool never_has_body = !is_list && (name == "GET" || name == "HEAD");
  return read_request(context,
                      {.method = name,
                       .url = url.get(),
                       .body = never_has_body ? js_undefined : body.get(),
                       .params = params.get()},
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

// False: an exception is pending.
bool is_batch(JSContext* context, int count, JSValueConst* arguments) {
  std::string why;
  if (count == 0) {
    why = "no argument was provided to http.batch()";
  } else if (count > 1) {
    why = "http.batch() accepts only an array or an object of requests";
  } else if (!JS_IsObject(arguments[0])) {
    why = fmt::format(
        "invalid http.batch() argument type {}: it is an array or an object of "
        "requests",
        is_nothing(arguments[0])         ? "<nil>"
        : JS_IsString(arguments[0]) != 0 ? "string"
                                         : "of a single value");
  }
  if (!why.empty()) (void)throw_error(context, why);
  return why.empty();
}

JSValue js_batch(JSContext* context, JSValueConst, int count, JSValueConst* arguments) {
  if (!may_request(context, "Using batch in the init context") ||
      !is_batch(context, count, arguments))
    return js_exception;
  const JSValueConst requests = arguments[0];
  Engine& engine = Engine::of(context);
  Batch batch;
  bool good = true, refused = false;
  for_each_property(context, requests, [&](const std::string& key, JSValueConst item) {
    batch.keys.push_back(key);
    if (refused) return true;
    batch.exchanges.push_back(engine.body->exchanges().take());
    good = read_item(context, key, item, *batch.exchanges.back());
    refused = good && batch.exchanges.back()->unsent == ScriptExchange::Unsent::refused;
    return good;
  });
  // As in k6: where one cannot be made none is, and those behind it have no response.
  const bool sent = good && (refused || send_all(engine, batch));
  if (!sent)
    for (auto& exchange : batch.exchanges) engine.body->exchanges().give_back(std::move(exchange));
  if (!good) return js_exception;
  if (!sent) return throw_error(context, "the run ends");
  JsValue result(context,
                 JS_IsArray(context, requests) > 0 ? JS_NewArray(context) : JS_NewObject(context));
  for (std::size_t i = 0; i < batch.keys.size(); ++i) {
    const bool is_made = i < batch.exchanges.size();
    const JSValue response =
        is_made ? make_response(context, std::move(batch.exchanges[i])) : js_null;
    if (JS_IsException(response)) {
      for (++i; i < batch.exchanges.size(); ++i)
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
  JS_DefinePropertyValueStr(context, made, url_mark, js_bool(true), 0);
  return made;
}

// http.file(data, filename, type): a part of a form.
JSValue js_file(JSContext* context, JSValueConst, int count, JSValueConst* arguments) {
  const JSValueConst filename = argument(count, arguments, 1), type = argument(count, arguments, 2);
  std::string bytes;
  if (!read_bytes(context, argument(count, arguments, 0), bytes)) {
    JS_FreeValue(context, JS_GetException(context));
    return throw_error(context, "http.file(): invalid type, expected string or ArrayBuffer");
  }
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

struct TextConstant {
  const char* name;
  const char* value;
};
constexpr TextConstant constants[] = {
    {"TLS_1_0", "tls1.0"},
    {"TLS_1_1", "tls1.1"},
    {"TLS_1_2", "tls1.2"},
    {"TLS_1_3", "tls1.3"},
    {"OCSP_STATUS_GOOD", "good"},
    {"OCSP_STATUS_REVOKED", "revoked"},
    {"OCSP_STATUS_SERVER_FAILED", "server_failed"},
    {"OCSP_STATUS_UNKNOWN", "unknown"},
    {"OCSP_REASON_UNSPECIFIED", "unspecified"},
    {"OCSP_REASON_KEY_COMPROMISE", "key_compromise"},
    {"OCSP_REASON_CA_COMPROMISE", "ca_compromise"},
    {"OCSP_REASON_AFFILIATION_CHANGED", "affiliation_changed"},
    {"OCSP_REASON_SUPERSEDED", "superseded"},
    {"OCSP_REASON_CESSATION_OF_OPERATION", "cessation_of_operation"},
    {"OCSP_REASON_CERTIFICATE_HOLD", "certificate_hold"},
    {"OCSP_REASON_REMOVE_FROM_CRL", "remove_from_crl"},
    {"OCSP_REASON_PRIVILEGE_WITHDRAWN", "privilege_withdrawn"},
    {"OCSP_REASON_AA_COMPROMISE", "aa_compromise"}};

int fill(JSContext* context, JSModuleDef* module) {
  add_cookie_jar_class(context);
  ModuleExports exports(context, module);
  for (const MethodFunction& one : method_functions)
    exports.give(one.name, JS_NewCFunctionMagic(context, one.code, one.name, 1,
                                                JS_CFUNC_generic_magic, one.method));
  exports.give(functions);
  for (const auto& [name, value] : constants) exports.give(name, js_string(context, value));
  exports.give(classes[0], JS_NewCFunction2(context, js_new_cookie_jar, classes[0], 0,
                                            JS_CFUNC_constructor_or_func, 0));
  return exports.finish();
}

}  // namespace

JSModuleDef* make_http_module(JSContext* context) {
  return declare_module(context, "k6/http", fill, method_functions, functions, classes, constants);
}

}  // namespace brunt
