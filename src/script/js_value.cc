#include "script/js_value.h"

#include <algorithm>

#include "base/text.h"
#include "base/units.h"

namespace brunt {

const JSValue js_undefined = JS_UNDEFINED;
const JSValue js_null = JS_NULL;
const JSValue js_exception = JS_EXCEPTION;
const JSValue js_uninitialized = JS_UNINITIALIZED;

namespace {

// "    at check (script.js:12)" as "check (script.js:12)"; frames of ours have no file.
std::string script_frames(std::string_view stack) {
  constexpr std::size_t frames_max = 6;
  std::string frames;
  std::size_t count = 0;
  for (const std::string_view raw : split(stack, '\n')) {
    std::string_view line = trim(raw);
    if (!line.starts_with("at ") || line.ends_with("(native)") || line.contains("<start>"))
      continue;
    line.remove_prefix(3);
    if (count++ == frames_max) break;
    if (line.starts_with("<anonymous> ")) line.remove_prefix(12);
    frames += frames.empty() ? ", at " : ", from ";
    frames += line;
  }
  return frames;
}

}  // namespace

JSValue js_string(JSContext* context, std::string_view text) {
  return JS_NewStringLen(context, text.data(), text.size());
}

std::string text_of(JSContext* context, JSValueConst value) {
  const JsText text(context, value);
  if (!text.ok()) JS_FreeValue(context, JS_GetException(context));
  return std::string(text.view());
}

std::optional<Duration> duration_of(JSContext* context, JSValueConst value) {
  if (JS_IsNumber(value) != 0) {
    double milliseconds = 0;
    JS_ToFloat64(context, &milliseconds, value);
    return milliseconds >= 0 && milliseconds < 1e12
               ? std::optional(from_seconds(milliseconds / 1000))
               : std::nullopt;
  }
  const auto parsed = parse_duration(text_of(context, value));
  return parsed ? std::optional(*parsed) : std::nullopt;
}

std::string take_exception(JSContext* context) {
  const JsValue exception(context, JS_GetException(context));
  std::string text = text_of(context, exception.get());
  if (JS_IsError(context, exception.get()))
    text += script_frames(text_of(context, property(context, exception.get(), "stack").get()));
  std::ranges::replace(text, '\n', ' ');
  return text.empty() ? "an exception without a text" : text;
}

JSValue throw_error(JSContext* context, std::string_view text) {
  const JSValue error = JS_NewError(context);
  JS_DefinePropertyValueStr(context, error, "message", js_string(context, text),
                            JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
  return JS_Throw(context, error);
}

std::vector<std::string> property_names(JSContext* context, JSValueConst object) {
  std::vector<std::string> names;
  JSPropertyEnum* table = nullptr;
  std::uint32_t count = 0;
  if (!JS_IsObject(object) || JS_GetOwnPropertyNames(context, &table, &count, object,
                                                     JS_GPN_STRING_MASK | JS_GPN_ENUM_ONLY) < 0)
    return names;
  for (std::uint32_t i = 0; i < count; ++i) {
    const JsValue name(context, JS_AtomToString(context, table[i].atom));
    names.push_back(text_of(context, name.get()));
    JS_FreeAtom(context, table[i].atom);
  }
  js_free(context, table);
  return names;
}

JsValue property(JSContext* context, JSValueConst object, const char* name) {
  return {context, JS_GetPropertyStr(context, object, name)};
}

std::string text_property(JSContext* context, JSValueConst object, const char* name) {
  const JsValue value = property(context, object, name);
  return is_nothing(value.get()) ? std::string() : text_of(context, value.get());
}

void set_property(JSContext* context, JSValueConst object, const char* name, JSValue value) {
  JS_DefinePropertyValueStr(context, object, name, value, JS_PROP_C_W_E);
}

void add_getter(JSContext* context, JSValueConst object, const char* name, JSCFunction* code) {
  const JSAtom atom = JS_NewAtom(context, name);
  JS_DefinePropertyGetSet(context, object, atom, JS_NewCFunction(context, code, name, 0),
                          js_undefined, JS_PROP_CONFIGURABLE | JS_PROP_ENUMERABLE);
  JS_FreeAtom(context, atom);
}

JsPromise::Parts JsPromise::make(JSContext* context) {
  JSValue functions[2] = {js_undefined, js_undefined};
  const JSValue promise = JS_NewPromiseCapability(context, functions);
  return {promise, functions[0], functions[1]};
}

bool JsPromise::settle(JSValueConst function, JSValue value) {
  const JsValue held(context_, value);
  JSValueConst arguments[] = {held.get()};
  const JsValue done(context_, JS_Call(context_, function, js_undefined, 1, arguments));
  return !done.failed();
}

bool JsPromise::resolve(JSValue value) {
  if (JS_IsException(value)) return reject(JS_GetException(context_));
  return settle(resolve_.get(), value);
}

bool JsPromise::reject(JSValue reason) {
  return settle(reject_.get(), reason);
}

}  // namespace brunt
