// The JavaScript engine of one virtual user: a QuickJS runtime with the script's modules in it.
//
// For this layer only; the one place that sees QuickJS. A runtime is entered only on its VU's
// fiber: enter() tells it where that fiber's stack is. A script that computes for long gives way to
// other fibers by itself, and is broken off when its fiber is cancelled.
//
// Source: QuickJS 2021-03-27, quickjs.h; docs/decisions/0005-javascript-engine.md.
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
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "load/vu.h"
#include "loop/fiber.h"
#include "plan/script_bundle.h"
#include "step/step_context.h"

namespace brunt {

class ScriptBody;
class SourceFiles;

// Constants whose macros are C.
extern const JSValue js_undefined, js_null, js_exception;
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
// The pending exception in one line: what, then where: the script's own frames. Clears it.
std::string take_exception(JSContext* context);
// An error that a script can catch. Always gives js_exception.
JSValue throw_error(JSContext* context, std::string_view text);

// The names of an object's own enumerable properties, in their order.
std::vector<std::string> property_names(JSContext* context, JSValueConst object);
JsValue property(JSContext* context, JSValueConst object, const char* name);
void set_property(JSContext* context, JSValueConst object, const char* name, JSValue value);
// Goes through an object's own enumerable properties; `each` returns false to stop.
template <typename Each>
void for_each_property(JSContext* context, JSValueConst object, Each each) {
  for (const std::string& name : property_names(context, object))
    if (const JsValue value = property(context, object, name.c_str()); !each(name, value.get()))
      return;
}

// What a `function` of a script's own is: name, then argument count.
struct JsFunction {
  const char* name;
  JSCFunction* code;
  int arguments;
};

struct EngineLimits {
  std::size_t stack_bytes = 160u << 10u;   // Of a fiber's 256 KiB; what is called needs the rest.
  std::size_t memory_bytes = 256u << 20u;  // Of one virtual user.
  std::uint32_t polls_yield = 64;          // Each some 10,000 jumps or calls: then others run.
  std::uint32_t polls_init = 200'000;      // Reading a script may not take for ever.
};

// Everything that a function of ours may need of the one who calls it: behind the context.
class Engine {
 public:
  Engine() = default;
  ~Engine();

  // Reads the script's sources: `files` must outlive it. REQUIRES: not on a small stack.
  Result<> open_for_reading(SourceFiles& files, ScriptBundle& bundle);
  // Loads a compiled script: runs its init code. `self` is the VU's fiber. Errors: malformed, with
  // the script's exception.
  Result<> open(Fiber& self, const ScriptBundle& bundle, const ScriptCall& call);
  void close();

  static Engine& of(JSContext* context) {
    return *static_cast<Engine*>(JS_GetContextOpaque(context));
  }

  JSContext* context() const { return context_; }

  // Before every entry from outside.
  void enter(Fiber& self);

  // Calls an exported function and settles what it leaves behind (promises). Errors: cancelled;
  // malformed, with the exception; not_found.
  Result<JsValue> call(const std::string& function, std::span<JSValueConst> arguments);

  // Whether it was broken off; then whatever the script returned is worth nothing.
  bool interrupted() const;

  // Whom it works for. `body` is nullptr in init code.
  const ScriptBundle* bundle = nullptr;
  const ScriptCall* scenario_call = nullptr;  // nullptr while a script is read.
  ScriptBundle* reading = nullptr;            // While a script is read: what is collected.
  SourceFiles* sources = nullptr;
  ScriptBody* body = nullptr;
  PlanVu* vu = nullptr;
  Fiber* fiber = nullptr;
  bool in_init = true;
  std::uint32_t group = 0;  // By ScriptBody: the path of open groups.
  std::uint64_t iterations = 0;
  std::uint64_t id_in_instance = 0;
  const Iteration* iteration = nullptr;  // While one runs.
  JSValue exports = js_undefined;        // The entry's namespace.
  // Rejected promises that nobody has handled, with their reasons as text.
  std::vector<std::pair<void*, std::string>> rejections;

  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

 private:
  Result<> make_context(EngineLimits limits);
  Result<> run_byte_code(const std::string& code);
  Result<> settle();
  Result<JsValue> wait_for(JsValue promise);
  static JSValue take_settled(JSContext* context, JSValueConst, int, JSValueConst* arguments);
  static int poll(JSRuntime* runtime, void* engine);
  static void rejected(JSContext* context, JSValueConst promise, JSValueConst reason,
                       JS_BOOL is_handled, void* engine);

  EngineLimits limits_;
  JSRuntime* runtime_ = nullptr;
  JSContext* context_ = nullptr;
  std::uint32_t polls_ = 0;
  bool ran_away_ = false;
  JSValue settled_ = js_undefined;  // What the promise in hand came to.
};

// Of modules: what a specifier means in module `base`. Errors: unsupported, invalid; in plain
// words.
Result<std::string> module_name(std::string_view base, std::string_view specifier);

// The modules that are ours; nullptr: no such module.
JSModuleDef* make_builtin_module(JSContext* context, std::string_view name);
JSModuleDef* make_k6_module(JSContext* context);
JSModuleDef* make_http_module(JSContext* context);
JSModuleDef* make_metrics_module(JSContext* context);
JSModuleDef* make_execution_module(JSContext* context);
JSModuleDef* make_data_module(JSContext* context);
// console, open(), require(), __ENV, __VU, __ITER.
void add_globals(JSContext* context);

}  // namespace brunt
