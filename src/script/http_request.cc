#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "base/units.h"
#include "script/cookie_jar.h"
#include "script/exchange.h"
#include "script/expected_statuses.h"
#include "script/tag_text.h"
#include "step/hop_recorder.h"
#include "wire/content_coding.h"
#include "wire/digest_auth.h"
#include "wire/multipart.h"

namespace brunt {
namespace {

bool has_field(const ScriptExchange& exchange, std::string_view name) {
  return std::ranges::any_of(exchange.fields, [name](const auto& field) {
    return equal_ignoring_case(field.first, name);
  });
}

bool refuse(JSContext* context, std::string_view text) {
  (void)throw_error(context, text);
  return false;
}

// The bytes of an ArrayBuffer, else the text.
std::string bytes_of(JSContext* context, JSValueConst value) {
  std::size_t size = 0;
  if (JS_IsObject(value)) {
    if (const std::uint8_t* bytes = JS_GetArrayBuffer(context, &size, value))
      return {reinterpret_cast<const char*>(bytes), size};
    JS_FreeValue(context, JS_GetException(context));
  }
  return text_of(context, value);
}

bool is_file(JSContext* context, JSValueConst value) {
  return JS_IsObject(value) && JS_ToBool(context, property(context, value, file_mark).get()) > 0;
}

bool has_file(JSContext* context, JSValueConst object) {
  bool found = false;
  for_each_property(context, object, [&](const std::string&, JSValueConst value) {
    found = is_file(context, value);
    return !found;
  });
  return found;
}

// An object with files becomes what a browser sends for a form that has some.
bool append_multipart(JSContext* context, JSValueConst object, ScriptExchange& exchange) {
  Prng& chance = Engine::of(context).vu->prng;
  const std::uint64_t high = chance.next(), low = chance.next();
  MultipartWriter form(MultipartWriter::boundary_from(high, low));
  Result<> added;
  for_each_property(context, object, [&](const std::string& key, JSValueConst value) {
    if (is_file(context, value)) {
      const std::string filename = text_of(context, property(context, value, "filename").get());
      const std::string type = text_of(context, property(context, value, "content_type").get());
      added = form.add_file({.name = key, .filename = filename, .content_type = type},
                            bytes_of(context, property(context, value, "data").get()));
    } else {
      added = form.add_field(key, is_nothing(value) ? std::string() : text_of(context, value));
    }
    return added.has_value();
  });
  if (!added) return refuse(context, added.error().text);
  if (!has_field(exchange, "Content-Type"))
    exchange.fields.emplace_back("Content-Type", form.content_type());
  exchange.body = std::move(form).finish();
  return true;
}

// An object becomes a form, its keys in order, as Go's url.Values does it.
bool append_form(JSContext* context, JSValueConst object, ScriptExchange& exchange) {
  std::vector<std::pair<std::string, std::string>> fields;
  if (has_file(context, object)) return append_multipart(context, object, exchange);
  bool good = true;
  const auto add = [&](const std::string& key, JSValueConst value) {
    // k6 has no text for an object in a form either, and sends the key alone.
    const JsText text(context, value);
    good = good && text.ok();
    const bool bare = is_nothing(value) || JS_IsObject(value);
    fields.emplace_back(key, bare ? std::string_view() : text.view());
    return good;
  };
  for_each_property(context, object, [&](const std::string& key, JSValueConst value) {
    if (JS_IsArray(context, value) <= 0) return add(key, value);
    for_each_property(context, value,
                      [&](const std::string&, JSValueConst element) { return add(key, element); });
    return good;
  });
  std::ranges::stable_sort(fields, {}, &std::pair<std::string, std::string>::first);
  for (const auto& [key, value] : fields) {
    if (!exchange.body.empty()) exchange.body += '&';
    exchange.body += form_encode(key) + '=' + form_encode(value);
  }
  if (!has_field(exchange, "Content-Type"))
    exchange.fields.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  return good;
}

bool read_body(JSContext* context, JSValueConst body, ScriptExchange& exchange) {
  if (is_nothing(body)) return true;
  exchange.has_body = true;
  if (JS_IsString(body) != 0) {
    const JsText text(context, body);
    exchange.body.assign(text.view());
    return text.ok();
  }
  std::size_t size = 0;
  if (JS_IsObject(body)) {
    if (const std::uint8_t* bytes = JS_GetArrayBuffer(context, &size, body)) {
      exchange.body.assign(reinterpret_cast<const char*>(bytes), size);
      return true;
    }
    JS_FreeValue(context, JS_GetException(context));  // It is no ArrayBuffer.
    return append_form(context, body, exchange);
  }
  (void)throw_error(context, "unknown request body type: a text, an ArrayBuffer or an object");
  return false;
}

bool read_headers(JSContext* context, JSValueConst headers, ScriptExchange& exchange) {
  bool good = true;
  for_each_property(context, headers, [&](const std::string& name, JSValueConst value) {
    const JsText text(context, value);
    good = text.ok();
    if (good && !equal_ignoring_case(name, "content-length"))
      exchange.fields.emplace_back(name, text.view());
    return good;
  });
  return good;
}

bool read_cookies(JSContext* context, JSValueConst cookies, ScriptExchange& exchange) {
  std::string line;
  for_each_property(context, cookies, [&](const std::string& name, JSValueConst value) {
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

// "gzip" or "gzip, br": the body is put into each in its turn.
bool compress(JSContext* context, ScriptExchange& exchange, std::string_view codings) {
  for (const std::string_view name : split(codings, ',')) {
    const auto coding = parse_content_coding(trim(name));
    if (!coding || *coding == ContentCoding::identity)
      return refuse(context, fmt::format("compression \"{}\": it is gzip, deflate, br, zstd, or "
                                         "several with commas between",
                                         codings));
    auto encoded = encode_content(*coding, exchange.body);
    if (!encoded) return refuse(context, encoded.error().text);
    exchange.body = std::move(*encoded);
  }
  if (!has_field(exchange, "Content-Encoding"))
    exchange.fields.emplace_back("Content-Encoding", codings);
  return true;
}

bool read_auth(JSContext* context, JSValueConst value, ScriptExchange& exchange) {
  const std::string kind = text_of(context, value);
  exchange.digest = kind == "digest";
  // Basic is that of the URL's user and password.
  if (exchange.digest || kind == "basic") return true;
  return refuse(context, fmt::format("auth \"{}\" is not supported; basic and digest are", kind));
}

bool read_response_type(JSContext* context, JSValueConst value, ScriptExchange& exchange) {
  const std::string type = text_of(context, value);
  if (type == "text") return exchange.response_type = ScriptExchange::Body::text, true;
  if (type == "binary") return exchange.response_type = ScriptExchange::Body::binary, true;
  if (type == "none") return exchange.response_type = ScriptExchange::Body::none, true;
  return refuse(context, fmt::format("responseType \"{}\": it is text, binary, or none", type));
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
    return true;
  }
  if (key == "timeout") {
    const auto timeout = duration_of(context, value);
    if (!timeout)
      return refuse(context, fmt::format("timeout {}: a number of milliseconds, or a text like "
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
  response_type = defaults.discard_bodies ? Body::none : Body::text;
  throws = defaults.throws;
  digest = false;
  expected.clear();
  jar.reset();
  cookies_replaced.clear();
  was_invalid = false;
}

bool read_request(JSContext* context, const RequestArguments& arguments, ScriptExchange& exchange) {
  Engine& engine = Engine::of(context);
  exchange.reset(engine.bundle->http);
  exchange.group = engine.group;
  exchange.tags = engine.tag_text();
  exchange.expected = engine.expected;
  exchange.method.assign(arguments.method);
  if (!read_url(context, arguments.url, exchange)) return false;
  if (is_nothing(arguments.params) && is_nothing(arguments.body) && exchange.name.empty() &&
      read_plain(engine, exchange))
    return true;
  if (!is_nothing(arguments.params)) {
    bool good = true;
    for_each_property(context, arguments.params, [&](const std::string& key, JSValueConst value) {
      return good = read_parameter(context, key, value, exchange);
    });
    if (!good) return false;
  }
  if (!read_body(context, arguments.body, exchange)) return false;
  if (JS_IsObject(arguments.params) && exchange.has_body)
    if (const JsValue codings = property(context, arguments.params, "compression");
        !is_nothing(codings.get()) && !compress(context, exchange, text_of(context, codings.get())))
      return false;
  auto url = parse_url(exchange.url_text);
  exchange.was_invalid = !url.has_value();
  if (url) {
    exchange.url = std::move(*url);
  } else {
    exchange.reply.reset();
    exchange.reply.failure = RequestFailure{.code = 1020,
                                            .message = "invalid URL",
                                            .cause = ErrorCode::invalid,
                                            .detail = url.error().text};
  }
  return true;
}

namespace {

// All cookies of the request where it replaces some of the jar's.
void replace_cookies(ScriptExchange& exchange, const CookieJar& jar, WallTime now) {
  const auto own =
      std::ranges::find(exchange.fields, "Cookie", &std::pair<std::string, std::string>::first);
  for (const Cookie& cookie : jar.matching(exchange.url, now))
    if (std::ranges::find(exchange.cookies_replaced, cookie.name) ==
        exchange.cookies_replaced.end())
      own->second.append("; ").append(cookie.name).append("=").append(cookie.value);
}

// Answers the challenge of a 401. False: there was none that can be answered.
bool answer_challenge(Engine& engine, ScriptExchange& exchange, const Url& asked) {
  const auto challenge = exchange.reply.fields().find("www-authenticate");
  if (exchange.reply.status() != 401 || !challenge) return false;
  const std::string chance = fmt::format("{:016x}", engine.vu->prng.next());
  auto field = digest_authorization(*challenge, {.user = asked.user,
                                                 .password = asked.password,
                                                 .method = exchange.method,
                                                 .target = asked.target,
                                                 .chance = chance});
  if (!field) {
    engine.body->note_error("auth \"digest\": " + field.error().text);
    return false;
  }
  exchange.fields.emplace_back("Authorization", std::move(*field));
  return true;
}

// Waits for its turn where options.rps says how many there are.
Result<> take_turn(Fiber& self, RequestPace& pace) {
  if (pace.interval <= Duration{}) return {};
  const Instant at = std::max(pace.next, self.now());
  pace.next = at + pace.interval;
  return at > self.now() ? self.sleep_until(at) : Result<>();
}

}  // namespace

Result<> send_exchange(Fiber& self, Engine& engine, ScriptExchange& exchange) {
  if (exchange.was_invalid) return {};
  ScriptBody& body = *engine.body;
  TRY(take_turn(self, body.scenario().shared.pace));
  HttpSeries* series = exchange.known != nullptr ? exchange.known->series : nullptr;
  if (series == nullptr) {
    const std::string_view name = exchange.name.empty() ? body.name_of_url(exchange.url_text)
                                                        : std::string_view(exchange.name);
    series = &body.http_series(
        {exchange.method, name, exchange.group, exchange.tags, exchange.expected});
  }
  if (!exchange.cookies_replaced.empty())
    replace_cookies(exchange, exchange.jar ? *exchange.jar : engine.vu->session.cookies(),
                    self.loop().wall());
  const Url asked = exchange.digest ? exchange.url : Url{};
  if (exchange.digest) {
    exchange.url.user.clear();
    exchange.url.password.clear();
  }
  const auto send = [&] {
    exchange.views.clear();
    for (const auto& [name, value] : exchange.fields) exchange.views.push_back({name, value});
    const HttpRequest request{
        .method = exchange.method,
        .url = exchange.known != nullptr ? exchange.known->url : exchange.url,
        .fields = exchange.views,
        .body = exchange.body,
        .encoded = exchange.known != nullptr ? &exchange.known->encoded : nullptr};
    const HttpSendOptions options{.deadline = self.now() + exchange.timeout,
                                  .redirects_max = exchange.redirects_max,
                                  .body = exchange.response_type == ScriptExchange::Body::none
                                              ? BodyHandling::discard
                                              : BodyHandling::keep,
                                  .jar = exchange.jar.get(),
                                  .sends_jar = exchange.cookies_replaced.empty()};
    HopRecorder recorder(body.scenario(), *engine.vu, *series);
    return engine.vu->session.send(self, request, options, exchange.reply, &recorder);
  };
  auto sent = send();
  if (sent && exchange.digest && answer_challenge(engine, exchange, asked)) sent = send();
  return sent;
}

}  // namespace brunt
