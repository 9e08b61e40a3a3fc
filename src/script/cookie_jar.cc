#include "script/cookie_jar.h"

#include <fmt/format.h>

#include <memory>
#include <optional>

#include "base/url.h"
#include "script/classes.h"
#include "script/script_body.h"
#include "wire/cookie.h"
#include "wire/http_date.h"

namespace brunt {
namespace {

// What the object holds: a jar of the script's own; nullptr: that of the VU which calls.
using Held = std::shared_ptr<CookieJar>;

struct JarCall {
  CookieJar& jar;
  Url url;
};

// The jar and the URL of a call; nullopt: an exception is pending.
std::optional<JarCall> call_of(JSContext* context, JSValueConst self, JSValueConst url_text) {
  auto* held = static_cast<Held*>(JS_GetOpaque2(context, self, class_ids().cookie_jar));
  if (held == nullptr) return std::nullopt;
  const Engine& engine = Engine::of(context);
  if (engine.body == nullptr) {
    (void)throw_error(context, "a cookie jar does not work in init code, outside of functions");
    return std::nullopt;
  }
  auto url = parse_url(text_of(context, url_text));
  if (!url) {
    (void)throw_error(context, "CookieJar: " + url.error().text);
    return std::nullopt;
  }
  return JarCall{*held != nullptr ? **held : engine.vu->session.cookies(), std::move(*url)};
}

WallTime now_of(JSContext* context) {
  return Engine::of(context).fiber->loop().wall();
}

// set(url, name, value, options)
JSValue jar_set(JSContext* context, JSValueConst self, int count, JSValueConst* arguments) {
  const auto call = call_of(context, self, arguments[0]);
  if (!call) return js_exception;
  SetCookie cookie{.name = text_of(context, arguments[1]),
                   .value = text_of(context, arguments[2]),
                   .same_site = {}};
  const JSValueConst options = count > 3 ? arguments[3] : js_undefined;
  std::string expires;
  for_each_property(context, options, [&](const std::string& key, JSValueConst value) {
    if (key == "domain") cookie.domain = text_of(context, value);
    if (key == "path") cookie.path = text_of(context, value);
    if (key == "expires") expires = text_of(context, value);
    if (key == "secure") cookie.secure = JS_ToBool(context, value) > 0;
    if (key == "http_only") cookie.http_only = JS_ToBool(context, value) > 0;
    std::int64_t seconds = 0;
    if (key == "max_age" && JS_ToInt64(context, &seconds, value) == 0) cookie.max_age_s = seconds;
    return true;
  });
  if (!expires.empty()) {
    const auto date = parse_http_date(expires);
    if (!date)
      return throw_error(
          context, fmt::format("unable to parse \"expires\" date string \"{}\"; it looks like "
                               "\"Mon, 02 Jan 2006 15:04:05 GMT\"",
                               expires));
    cookie.expires = *date;
  }
  // A script may give a page of http a cookie for https; the answer of such a page may not.
  Url url = call->url;
  if (cookie.secure) url.scheme = "https";
  return js_bool(call->jar.store(url, cookie, now_of(context)).has_value());
}

JSValue jar_cookies(JSContext* context, JSValueConst self, int, JSValueConst* arguments) {
  const auto call = call_of(context, self, arguments[0]);
  if (!call) return js_exception;
  const JSValue found = JS_NewObject(context);
  for (const Cookie& cookie : call->jar.matching(call->url, now_of(context))) {
    const JSValue list = JS_NewArray(context);
    JS_SetPropertyUint32(context, list, 0, js_string(context, cookie.value));
    set_property(context, found, cookie.name.c_str(), list);
  }
  return found;
}

JSValue jar_clear(JSContext* context, JSValueConst self, int, JSValueConst* arguments,
                  int one_name) {
  const auto call = call_of(context, self, arguments[0]);
  if (!call) return js_exception;
  if (one_name != 0) {
    if (text_of(context, arguments[1]).empty()) return throw_error(context, "cookie: is null");
    call->jar.remove(call->url, text_of(context, arguments[1]));
  } else {
    call->jar.clear(call->url);
  }
  return js_undefined;
}

void let_go(JSRuntime*, JSValue object) {
  // Made by make_jar(): QuickJS keeps a plain pointer.
  const std::unique_ptr<Held> held(
      static_cast<Held*>(JS_GetOpaque(object, class_ids().cookie_jar)));
}

JSValue make_jar(JSContext* context, Held jar) {
  const JSValue object = JS_NewObjectClass(context, static_cast<int>(class_ids().cookie_jar));
  if (JS_IsException(object)) return object;
  JS_SetOpaque(object, std::make_unique<Held>(std::move(jar)).release());
  return object;
}

}  // namespace

JSValue js_new_cookie_jar(JSContext* context, JSValueConst, int, JSValueConst*) {
  // Shared with the requests under way that use it.
  return make_jar(context, std::make_shared<CookieJar>());
}

JSValue js_cookie_jar(JSContext* context, JSValueConst, int, JSValueConst*) {
  if (Engine::of(context).body == nullptr)
    return throw_error(context,
                       "Making cookie jars in the init context is not supported: the user's own is "
                       "there in the default function");
  return make_jar(context, nullptr);
}

bool read_cookie_jar(JSContext* context, JSValueConst value, Held& jar) {
  auto* held = static_cast<Held*>(JS_GetOpaque(value, class_ids().cookie_jar));
  if (held == nullptr) {
    (void)throw_error(context, "jar: it is a http.CookieJar or http.cookieJar()");
    return false;
  }
  jar = *held;
  return true;
}

void add_cookie_jar_class(JSContext* context) {
  const JSClassDef definition{.class_name = "CookieJar", .finalizer = let_go};
  JS_NewClass(JS_GetRuntime(context), class_ids().cookie_jar, &definition);
  const JSValue prototype = JS_NewObject(context);
  set_property(context, prototype, "set", JS_NewCFunction(context, jar_set, "set", 3));
  set_property(context, prototype, "cookiesForURL",
               JS_NewCFunction(context, jar_cookies, "cookiesForURL", 1));
  set_property(context, prototype, "clear",
               JS_NewCFunctionMagic(context, jar_clear, "clear", 1, JS_CFUNC_generic_magic, 0));
  set_property(context, prototype, "delete",
               JS_NewCFunctionMagic(context, jar_clear, "delete", 2, JS_CFUNC_generic_magic, 1));
  JS_SetClassProto(context, class_ids().cookie_jar, prototype);
}

}  // namespace brunt
