#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "script/exchange.h"
#include "script/json_words.h"
#include "script/library.h"
#include "script/script_bytes.h"
#include "script/url_words.h"
#include "wire/cookie.h"

namespace brunt {
namespace {

struct Member {
  enum : std::size_t {
    status,
    status_text,
    url,
    proto,
    remote_ip,
    remote_port,
    error,
    error_code,
    tls_version,
    tls_cipher_suite,
    // From here on they are kept once they are made.
    body,
    headers,
    cookies,
    timings,
    request,
    ocsp,
  };
};
constexpr std::array<const char*, 16> member_names = {
    "status",      "status_text",      "url",     "proto",
    "remote_ip",   "remote_port",      "error",   "error_code",
    "tls_version", "tls_cipher_suite", "body",    "headers",
    "cookies",     "timings",          "request", "ocsp"};

const ScriptExchange* exchange_of(JSContext* context, JSValueConst object) {
  return static_cast<ScriptExchange*>(
      static_cast<LazyObject*>(JS_GetOpaque2(context, object, class_ids().response)));
}

// Makes the list if it is the first of that name. Takes the value.
void append_to_list(JSContext* context, JSValueConst object, const char* name, JSValue value) {
  const JsValue known = property(context, object, name);
  const bool is_first = !JS_IsObject(known.get());
  const JsValue list(context, is_first ? JS_NewArray(context) : JS_DupValue(context, known.get()));
  if (is_first) set_property(context, object, name, JS_DupValue(context, list.get()));
  std::uint32_t length = 0;
  const JsValue size = property(context, list.get(), "length");
  JS_ToUint32(context, &length, size.get());
  JS_SetPropertyUint32(context, list.get(), length, value);
}

JSValue cookies_of(JSContext* context, const ScriptExchange& exchange) {
  const JSValue object = JS_NewObject(context);
  for (const HttpField field : exchange.reply.fields()) {
    if (!equal_ignoring_case(field.name, "set-cookie")) continue;
    const auto cookie = parse_set_cookie(field.value);
    if (!cookie) continue;
    const JSValue one = JS_NewObject(context);
    set_property(context, one, "name", js_string(context, cookie->name));
    set_property(context, one, "value", js_string(context, cookie->value));
    set_property(context, one, "domain", js_string(context, cookie->domain.value_or("")));
    set_property(context, one, "path", js_string(context, cookie->path.value_or("")));
    set_property(context, one, "http_only", js_bool(cookie->http_only));
    set_property(context, one, "secure", js_bool(cookie->secure));
    set_property(context, one, "max_age", JS_NewInt64(context, cookie->max_age_s.value_or(0)));
    set_property(context, one, "expires",
                 JS_NewInt64(context, cookie->expires ? cookie->expires->unix_ns / 1'000'000 : 0));
    append_to_list(context, object, cookie->name.c_str(), one);
  }
  return object;
}

JSValue timings_of(JSContext* context, const HttpTimings& timings) {
  const JSValue object = JS_NewObject(context);
  const auto set = [&](const char* name, Duration duration) {
    set_property(context, object, name, JS_NewFloat64(context, time_value(duration)));
  };
  set("duration", timings.duration());
  set("blocked", timings.blocked);
  set("looking_up", Duration{});
  set("connecting", timings.connecting);
  set("tls_handshaking", timings.tls_handshaking);
  set("sending", timings.sending);
  set("waiting", timings.waiting);
  set("receiving", timings.receiving);
  return object;
}

// The Cookie header as it was sent: the request's own cookies, then the jar's.
std::string cookie_line(const ScriptExchange& exchange) {
  const std::string* own = exchange.field("Cookie");
  std::string line = own != nullptr ? *own : std::string();
  if (!line.empty() && !exchange.jar_cookies.empty()) line += "; ";
  return line + exchange.jar_cookies;
}

// { id: [{ name, value, replace }] }
JSValue request_cookies(JSContext* context, std::string_view line) {
  const JSValue object = JS_NewObject(context);
  for (const std::string_view part : split(line, ';')) {
    const std::string_view pair = trim(part);
    if (pair.empty()) continue;
    const std::string name(pair.substr(0, pair.find('=')));
    const JSValue one = JS_NewObject(context);
    set_property(context, one, "name", js_string(context, name));
    set_property(context, one, "value",
                 js_string(context, pair.substr(std::min(name.size() + 1, pair.size()))));
    set_property(context, one, "replace", js_bool(false));
    append_to_list(context, object, name.c_str(), one);
  }
  return object;
}

JSValue request_of(JSContext* context, const ScriptExchange& exchange) {
  const JSValue object = JS_NewObject(context);
  set_property(context, object, "method", js_string(context, exchange.method));
  set_property(context, object, "url", js_string(context, exchange.url_text));
  set_property(context, object, "body", js_string(context, exchange.body));
  const JSValue fields = JS_NewObject(context);
  const auto add = [&](const char* name, std::string_view value) {
    const JSValue list = JS_NewArray(context);
    JS_SetPropertyUint32(context, list, 0, js_string(context, value));
    set_property(context, fields, name, list);
  };
  for (const auto& [name, value] : exchange.fields) add(name.c_str(), value);
  if (exchange.field("User-Agent") == nullptr)
    add("User-Agent", Engine::of(context).bundle->http.user_agent);
  const std::string cookies = cookie_line(exchange);
  if (!cookies.empty()) add("Cookie", cookies);
  set_property(context, object, "headers", fields);
  set_property(context, object, "cookies", request_cookies(context, cookies));
  return object;
}

// Whether there is a body to look at, be it an empty one.
bool has_body(const ScriptExchange& exchange) {
  if (exchange.unsent == ScriptExchange::Unsent::refused) return true;
  const std::uint16_t status = exchange.reply.status();
  const bool never_has = status < 200 || status == 204 || status == 304;
  return exchange.reply.ok() && !never_has && exchange.response_type != ScriptExchange::Body::none;
}

JSValue body_of(JSContext* context, const ScriptExchange& exchange) {
  if (!has_body(exchange)) return js_null;
  const std::string_view bytes = exchange.reply.body();
  return exchange.response_type == ScriptExchange::Body::binary ? js_array_buffer(context, bytes)
                                                                : js_string(context, bytes);
}

JSValue throw_no_body(JSContext* context, std::string_view wanted) {
  return throw_error(context,
                     fmt::format("the body is null so we can't transform it to {} - this likely "
                                 "was because of a request error getting the response",
                                 wanted));
}

// What is special to a request that was not made stands in the detail.
std::string_view error_of(const RequestFailure& failure) {
  return failure.phase == RequestPhase::prepare && !failure.detail.empty()
             ? std::string_view(failure.detail)
             : failure.message;
}

std::string tls_name(std::string_view version) {
  return version.starts_with("TLSv") ? fmt::format("tls{}", version.substr(4))
                                     : std::string(version);
}

JSValue simple_member(JSContext* context, const ScriptExchange& exchange, std::size_t member) {
  const HttpReply& reply = exchange.reply;
  switch (member) {
    case Member::status:
      return JS_NewInt32(context, reply.status());
    case Member::status_text:
      return js_string(context, reply.ok()
                                    ? fmt::format("{} {}", reply.status(), reply.message().reason())
                                    : std::string());
    case Member::url:
      return js_string(context,
                       reply.redirected_url ? reply.redirected_url->text() : exchange.url_text);
    case Member::proto:
      return js_string(context, reply.ok() ? reply.message().version() : std::string_view());
    case Member::remote_ip:
      return js_string(context, reply.timings.connecting > Duration{} || reply.ok()
                                    ? reply.remote.ip()
                                    : std::string());
    case Member::remote_port:
      return JS_NewInt32(context, reply.ok() ? reply.remote.port() : 0);
    case Member::error:
      return js_string(context, reply.failure ? error_of(*reply.failure) : std::string_view());
    case Member::error_code:
      return JS_NewInt32(context, reply.error_code());
    case Member::tls_version:
      return js_string(context, tls_name(reply.tls_version));
    default:
      return js_string(context, reply.tls_cipher);
  }
}

// No server's stapled answer is looked at: what k6 shows where there is none.
JSValue ocsp_of(JSContext* context) {
  const JSValue object = JS_NewObject(context);
  for (const char* name : {"produced_at", "this_update", "next_update", "revoked_at"})
    set_property(context, object, name, JS_NewInt32(context, 0));
  for (const char* name : {"revocation_reason", "status"})
    set_property(context, object, name, js_string(context, ""));
  return object;
}

JSValue make_member(JSContext* context, LazyObject& held, std::size_t member) {
  const auto& exchange = static_cast<const ScriptExchange&>(held);
  switch (member) {
    case Member::body:
      return body_of(context, exchange);
    case Member::headers:
      return js_headers(context, exchange.reply.fields());
    case Member::cookies:
      return cookies_of(context, exchange);
    case Member::timings:
      return timings_of(context, exchange.reply.timings);
    case Member::request:
      return request_of(context, exchange);
    case Member::ocsp:
      return ocsp_of(context);
    default:
      return simple_member(context, exchange, member);
  }
}

JSValue json(JSContext* context, JSValueConst self, int count, JSValueConst* arguments) {
  const ScriptExchange* exchange = exchange_of(context, self);
  if (exchange == nullptr) return js_exception;
  if (!has_body(*exchange)) return throw_no_body(context, "JSON");
  const std::string_view bytes = exchange->reply.body();
  const bool selects = count > 0 && !is_nothing(arguments[0]);
  // The view ends in a NUL: it is a whole string's.
  JsValue value(context, bytes.empty() ? js_exception
                                       : JS_ParseJSON(context, bytes.data(), bytes.size(), "body"));
  if (value.failed()) {
    JS_FreeValue(context, JS_GetException(context));
    return selects ? js_undefined : throw_error(context, trouble_of_json(bytes));
  }
  if (!selects) return value.release();
  const JsText selector(context, arguments[0]);
  return selector.ok() ? select_json(context, value.get(), selector.view()) : js_exception;
}

constexpr std::array<const char*, 3> html_methods = {"html", "submitForm", "clickLink"};

// They are in library/html.js and take the response first.
JSValue call_html(JSContext* context, JSValueConst self, int count, JSValueConst* arguments,
                  int which) {
  const ScriptExchange* exchange = exchange_of(context, self);
  if (exchange == nullptr) return js_exception;
  if (!has_body(*exchange)) return throw_no_body(context, "HTML");
  const JsValue html(context, library(context, "html"));
  if (html.failed()) return js_exception;
  const JsValue method =
      property(context, html.get(), html_methods[static_cast<std::size_t>(which)]);
  JSValueConst all[] = {self, count > 0 ? arguments[0] : js_undefined};
  const JSValue made = JS_Call(context, method.get(), js_undefined, 2, all);
  if (which == 0 && JS_IsObject(made))
    set_property(context, made, "url", simple_member(context, *exchange, Member::url));
  return made;
}

// The body was its maker and is its home.
void give_back(JSRuntime* runtime, LazyObject* held) {
  auto& engine = *static_cast<Engine*>(JS_GetRuntimeOpaque(runtime));
  engine.body->exchanges().give_back(
      std::unique_ptr<ScriptExchange>(static_cast<ScriptExchange*>(held)));
}

void add_methods(JSContext* context, JSValueConst prototype) {
  set_property(context, prototype, "json", JS_NewCFunction(context, json, "json", 1));
  int which = 0;
  for (const char* name : html_methods)
    set_property(
        context, prototype, name,
        JS_NewCFunctionMagic(context, call_html, name, 1, JS_CFUNC_generic_magic, which++));
}

constexpr LazyKind response_kind = {.name = "Response",
                                    .class_id = &ClassIds::response,
                                    .members = member_names,
                                    .kept_from = Member::body,
                                    .make = make_member,
                                    .let_go = give_back,
                                    .add_methods = add_methods};

}  // namespace

std::string canonical_field_name(std::string_view name) {
  std::string text = to_lower(name);
  bool first = true;
  for (char& c : text) {
    if (first && c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    first = c == '-';
  }
  return text;
}

JSValue js_headers(JSContext* context, HttpFields fields) {
  const JSValue object = JS_NewObject(context);
  for (const HttpField field : fields)
    set_property(context, object, canonical_field_name(field.name).c_str(),
                 js_string(context, fields.join(field.name)));
  return object;
}

namespace {

// What the user is told: without what differs from one request to the next of a kind.
std::string told_text(const ScriptExchange& exchange) {
  const RequestFailure& failure = *exchange.reply.failure;
  if (exchange.unsent != ScriptExchange::Unsent::no) return failure.detail;
  const Url& to = exchange.known != nullptr ? exchange.known->url : exchange.url;
  return fmt::format("{} {}: {}", exchange.method, to.authority(), error_of(failure));
}

// In Go's words, which scripts may look for: Get "http://shop.test/": lookup shop.test: no such
// host.
std::string thrown_text(const ScriptExchange& exchange) {
  const RequestFailure& failure = *exchange.reply.failure;
  if (exchange.unsent == ScriptExchange::Unsent::refused) return failure.detail;
  const Url& asked = exchange.known != nullptr ? exchange.known->url : exchange.url;
  const Url& last = exchange.reply.redirected_url ? *exchange.reply.redirected_url : asked;
  std::string why(error_of(failure));
  if (failure.code == 1101) why = fmt::format("lookup {}: no such host", last.host);
  if (failure.code == 1212)
    why = fmt::format("dial tcp {}: connect: connection refused", last.authority());
  return fmt::format(
      "{}{} \"{}\": {}", exchange.method.substr(0, 1), to_lower(exchange.method).substr(1),
      exchange.reply.redirected_url ? last.text() : without_secrets(exchange.url_text), why);
}

}  // namespace

JSValue make_response(JSContext* context, std::unique_ptr<ScriptExchange> exchange) {
  ScriptBody& home = *Engine::of(context).body;
  if (exchange->reply.failure) {
    const RequestFailure& failure = *exchange->reply.failure;
    if (exchange->throws) {
      const std::string thrown = thrown_text(*exchange);
      home.exchanges().give_back(std::move(exchange));
      return throw_error(context, thrown);
    }
    // Where our own rules forbid it, the detail says what to do.
    home.warn("Request Failed: " +
              (failure.cause == ErrorCode::denied ? failure.detail : told_text(*exchange)));
  }
  return lazy_object<response_kind>(context, exchange.release());
}

}  // namespace brunt
