#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "base/units.h"
#include "script/cookie_jar.h"
#include "script/exchange.h"
#include "script/expected_statuses.h"
#include "script/tag_text.h"
#include "script/url_words.h"

namespace brunt {
namespace {

bool read_headers(JSContext* context, JSValueConst headers, ScriptExchange& exchange) {
  bool good = true;
  for_each_property(context, headers, [&](const std::string& name, JSValueConst value) {
    const JsText text(context, value);
    good = text.ok();
    if (!good) return false;
    std::string known = canonical_field_name(name);
    const auto same =
        std::ranges::find(exchange.fields, known, &std::pair<std::string, std::string>::first);
    if (same != exchange.fields.end()) {
      same->second = text.view();
    } else {
      exchange.fields.emplace_back(std::move(known), text.view());
    }
    return true;
  });
  return good;
}

bool read_cookies(JSContext* context, JSValueConst cookies, ScriptExchange& exchange) {
  std::string line;
  for_each_property(context, cookies, [&](const std::string& name, JSValueConst value) {
    if (is_nothing(value)) return true;
    std::string text = JS_IsObject(value)
                           ? text_of(context, property(context, value, "value").get())
                           : text_of(context, value);
    if (JS_IsObject(value) && JS_ToBool(context, property(context, value, "replace").get()) > 0)
      exchange.cookies_replaced.push_back(name);
    line.append(line.empty() ? "" : "; ").append(name).append("=").append(text);
    return true;
  });
  if (!line.empty()) exchange.fields.emplace_back("Cookie", std::move(line));
  return true;
}

bool read_auth(JSContext* context, JSValueConst value, ScriptExchange& exchange) {
  const std::string kind = text_of(context, value);
  exchange.digest = kind == "digest";
  // What k6 does not know either says nothing; this would be silence about what it does know.
  if (kind != "ntlm") return true;
  (void)throw_error(context, "auth \"ntlm\" is not supported; basic and digest are");
  return false;
}

bool read_response_type(JSContext* context, JSValueConst value, ScriptExchange& exchange) {
  const std::string type = text_of(context, value);
  if (type == "text") return exchange.response_type = ScriptExchange::Body::text, true;
  if (type == "binary") return exchange.response_type = ScriptExchange::Body::binary, true;
  if (type == "none") return exchange.response_type = ScriptExchange::Body::none, true;
  return exchange.refuse(fmt::format("responseType \"{}\": it is text, binary, or none", type));
}

bool read_parameter(JSContext* context, const std::string& key, JSValueConst value,
                    ScriptExchange& exchange) {
  if (key == "responseCallback") return read_expected(context, value, exchange.expected);
  if (is_nothing(value)) return true;
  if (key == "headers") return read_headers(context, value, exchange);
  if (key == "cookies") return read_cookies(context, value, exchange);
  if (key == "tags") return append_tags(context, value, exchange.tags, &exchange.name);
  if (key == "responseType") return read_response_type(context, value, exchange);
  if (key == "throw") return exchange.throws = JS_ToBool(context, value) > 0, true;
  if (key == "redirects") {
    std::uint32_t redirects = 0;
    if (JS_ToUint32(context, &redirects, value) < 0) return false;
    exchange.redirects_max = redirects;
    exchange.redirects_given = true;
    return true;
  }
  if (key == "timeout") {
    const auto timeout = duration_of(context, value);
    if (!timeout)
      return exchange.refuse(
          fmt::format("invalid timeout value {}: it is a number of milliseconds, or a text like "
                      "\"10s\"",
                      text_of(context, value)));
    exchange.timeout = *timeout;
    return true;
  }
  if (key == "auth") return read_auth(context, value, exchange);
  if (key == "jar") return read_cookie_jar(context, value, exchange.jar);
  return true;  // k6 ignores what it does not know; `compression` is read with the body.
}

bool read_url(JSContext* context, JSValueConst url, ScriptExchange& exchange) {
  if (JS_IsString(url) == 0 && JS_IsObject(url) == 0)
    return exchange.refuse(
        1020, fmt::format("invalid URL: '#{}'", is_nothing(url) ? "<nil>" : text_of(context, url)));
  if (!JS_IsObject(url)) {
    const JsText text(context, url);
    exchange.url_text.assign(text.view());
    return text.ok();
  }
  // What http.url`...` made; of any other object its text.
  const JsValue name = property(context, url, "name");
  const JsValue whole = property(context, url, "url");
  if (is_nothing(name.get()) || is_nothing(whole.get())) {
    exchange.url_text = text_of(context, url);
    return true;
  }
  exchange.name = text_of(context, name.get());
  exchange.url_text = text_of(context, whole.get());
  return true;
}

std::string key_of(const ScriptExchange& exchange, std::uint32_t group) {
  std::string key = exchange.method;
  key.append(" ").append(std::to_string(group)).append(" ").append(exchange.url_text);
  if (!exchange.expected.empty()) key.append(" ").append(exchange.expected);
  if (!exchange.tags.empty()) key.append("\n").append(exchange.tags);
  return key;
}

// Without parameters and body: what was sent before is sent again.
bool read_plain(Engine& engine, ScriptExchange& exchange) {
  ScriptBody& body = *engine.body;
  const std::string key = key_of(exchange, engine.group);
  exchange.known = body.find_request(key);
  if (exchange.known != nullptr) return true;
  auto url = parse_url(exchange.url_text);
  if (!url) return false;
  if (!url->user.empty()) return false;
  const std::string_view name = body.name_of_url(exchange.url_text);
  HttpSeries& series =
      body.http_series({exchange.method, name, engine.group, exchange.tags, exchange.expected});
  if (name != exchange.url_text) return false;  // One of many: not worth keeping.
  auto encoded =
      HttpSession::prepare({.method = exchange.method, .url = *url}, body.session_options());
  if (!encoded) return false;
  exchange.known = body.keep_request(
      key, {.url = std::move(*url), .encoded = std::move(*encoded), .series = &series});
  return exchange.known != nullptr;
}

}  // namespace

void ScriptExchange::reset(const ScriptHttpOptions& defaults) {
  name.clear();
  tags.clear();
  fields.clear();
  views.clear();
  body.clear();
  has_body = false;
  known = nullptr;
  timeout = std::chrono::seconds(60);
  redirects_max = defaults.redirects_max;
  redirects_given = defaults.redirects_given;
  response_type = defaults.discard_bodies ? Body::none : Body::text;
  throws = defaults.throws;
  digest = false;
  expected.clear();
  jar.reset();
  cookies_replaced.clear();
  jar_cookies.clear();
  unsent = Unsent::no;
}

bool ScriptExchange::refuse(std::uint16_t error_code, std::string why) {
  unsent = Unsent::refused;
  reply.reset();
  reply.failure = RequestFailure{.code = error_code,
                                 .message = "invalid request",
                                 .cause = ErrorCode::invalid,
                                 .detail = std::move(why)};
  return false;
}

const std::string* ScriptExchange::field(std::string_view field_name) const {
  const auto found = std::ranges::find_if(
      fields, [field_name](const auto& one) { return equal_ignoring_case(one.first, field_name); });
  return found != fields.end() ? &found->second : nullptr;
}

void ScriptExchange::set_default_field(std::string_view field_name, std::string_view value) {
  if (field(field_name) == nullptr) fields.emplace_back(field_name, value);
}

namespace {

// The length is ours to say; who says another is told.
void check_content_length(Engine& engine, ScriptExchange& exchange) {
  const std::string* given = exchange.field("Content-Length");
  if (given == nullptr) return;
  if (*given != std::to_string(exchange.body.size()))
    engine.body->warn(
        fmt::format("The specified Content-Length header \"{}\" in the {} request for {} doesn't "
                    "match the actual request body length of {}, so it will be ignored!",
                    *given, exchange.method, exchange.url_text, exchange.body.size()));
  std::erase_if(exchange.fields, [](const auto& field) { return field.first == "Content-Length"; });
}

bool parse_target(ScriptExchange& exchange) {
  auto url = parse_url(exchange.url_text);
  if (url) return exchange.url = std::move(*url), true;
  UrlTrouble trouble = trouble_of_url(exchange.url_text, url.error().text);
  if (trouble.code == 1020) return exchange.refuse(trouble.code, std::move(trouble.text));
  exchange.unsent = ScriptExchange::Unsent::no_protocol;
  exchange.url = {};
  exchange.reply.reset();
  exchange.reply.failure = RequestFailure{.code = trouble.code,
                                          .message = "unsupported protocol scheme",
                                          .cause = ErrorCode::invalid,
                                          .detail = std::move(trouble.text)};
  return true;
}

bool read_parts(JSContext* context, const RequestArguments& arguments, ScriptExchange& exchange) {
  Engine& engine = Engine::of(context);
  if (!read_url(context, arguments.url, exchange)) return false;
  if (is_nothing(arguments.params) && is_nothing(arguments.body) && exchange.name.empty() &&
      read_plain(engine, exchange))
    return true;
  if (!parse_target(exchange)) return false;
  bool good = true;
  if (!is_nothing(arguments.params))
    for_each_property(context, arguments.params, [&](const std::string& key, JSValueConst value) {
      return good = read_parameter(context, key, value, exchange);
    });
  if (!good || !read_body(context, arguments.body, exchange)) return false;
  if (JS_IsObject(arguments.params) && exchange.has_body)
    if (const JsValue codings = property(context, arguments.params, "compression");
        !is_nothing(codings.get()) &&
        !compress_body(context, text_of(context, codings.get()), exchange))
      return false;
  check_content_length(engine, exchange);
  return true;
}

}  // namespace

bool read_request(JSContext* context, const RequestArguments& arguments, ScriptExchange& exchange) {
  Engine& engine = Engine::of(context);
  exchange.reset(engine.bundle->http);
  exchange.group = engine.group;
  exchange.tags = engine.tag_text();
  exchange.expected = engine.expected;
  exchange.method.assign(arguments.method.empty() ? "GET" : arguments.method);
  if (read_parts(context, arguments, exchange)) return true;
  if (exchange.unsent != ScriptExchange::Unsent::refused) return false;
  if (!exchange.throws) return true;
  (void)throw_error(context, exchange.reply.failure->detail);
  return false;
}

}  // namespace brunt
