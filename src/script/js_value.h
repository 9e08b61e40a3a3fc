// JavaScript values held by C++: let go at the end of a scope, read as text, made, looked into.
//
//   const JsValue name = property(context, object, "name");
//   set_property(context, object, "length", JS_NewInt32(context, 7));   // takes the value
//
// For this layer only. A JSValue that a function returns is its caller's to free; a JSValueConst is
// somebody else's.
//
// Source: QuickJS 2021-03-27, quickjs.h.
#pragma once
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wundef"
#include <quickjs.h>
#pragma GCC diagnostic pop

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"

namespace brunt {

// Constants whose macros are C.
extern const JSValue js_undefined, js_null, js_exception, js_uninitialized;
inline JSValue js_bool(bool value) {
  return JS_NewBool(nullptr, value);
}
inline bool is_nothing(JSValueConst value) {
  return JS_IsUndefined(value) || JS_IsNull(value);
}

// A value that is let go at the end of its scope.
class JsValue {
 public:
  JsValue(JSContext* context, JSValue value) : context_(context), value_(value) {}
  JsValue(JsValue&& other) noexcept
      : context_(other.context_), value_(std::exchange(other.value_, js_undefined)) {}
  ~JsValue() { JS_FreeValue(context_, value_); }
  JSValueConst get() const { return value_; }
  JSValue release() { return std::exchange(value_, js_undefined); }
  bool failed() const { return JS_IsException(value_); }
  JsValue(const JsValue&) = delete;
  JsValue& operator=(const JsValue&) = delete;

 private:
  JSContext* context_;
  JSValue value_;
};

// The value as UTF-8, as String(value) gives it. Not ok(): it threw, and the exception is pending.
class JsText {
 public:
  JsText(JSContext* context, JSValueConst value)
      : context_(context), text_(JS_ToCStringLen(context, &size_, value)) {}
  ~JsText() {
    if (text_ != nullptr) JS_FreeCString(context_, text_);
  }
  bool ok() const { return text_ != nullptr; }
  std::string_view view() const {
    return text_ != nullptr ? std::string_view(text_, size_) : std::string_view();
  }
  JsText(const JsText&) = delete;
  JsText& operator=(const JsText&) = delete;

 private:
  JSContext* context_;
  std::size_t size_ = 0;
  const char* text_;
};

JSValue js_string(JSContext* context, std::string_view text);
std::string text_of(JSContext* context, JSValueConst value);  // "" where it throws; no exception.
// A number is milliseconds, a text like "10s" what it says, as everywhere in k6. nullopt: neither.
std::optional<Duration> duration_of(JSContext* context, JSValueConst value);
// The pending exception in one line: what, then where: the script's own frames. Clears it.
std::string take_exception(JSContext* context);
// An error that a script can catch. Always gives js_exception.
JSValue throw_error(JSContext* context, std::string_view text);

// A promise and the two functions that settle it, once.
class JsPromise {
 public:
  explicit JsPromise(JSContext* context) : JsPromise(context, make(context)) {}
  JSValue value() const { return JS_DupValue(context_, promise_.get()); }  // For the script.
  // Takes the value; an exception that is pending rejects instead. False: none can be told.
  bool resolve(JSValue value);
  bool reject(JSValue reason);

 private:
  struct Parts {
    JSValue promise, resolve, reject;
  };
  static Parts make(JSContext* context);
  JsPromise(JSContext* context, Parts parts)
      : context_(context),
        promise_(context, parts.promise),
        resolve_(context, parts.resolve),
        reject_(context, parts.reject) {}
  bool settle(JSValueConst function, JSValue value);
  JSContext* context_;
  JsValue promise_, resolve_, reject_;
};

// The names of an object's own enumerable properties, in their order.
std::vector<std::string> property_names(JSContext* context, JSValueConst object);
JsValue property(JSContext* context, JSValueConst object, const char* name);
// "" where it is undefined or null.
std::string text_property(JSContext* context, JSValueConst object, const char* name);
void set_property(JSContext* context, JSValueConst object, const char* name, JSValue value);
// A property that is asked of `code` each time it is looked at.
void add_getter(JSContext* context, JSValueConst object, const char* name, JSCFunction* code);
// Goes through an object's own enumerable properties; `each` returns false to stop.
template <typename Each>
void for_each_property(JSContext* context, JSValueConst object, Each each) {
  for (const std::string& name : property_names(context, object))
    if (const JsValue value = property(context, object, name.c_str()); !each(name, value.get()))
      return;
}

}  // namespace brunt
