// The JavaScript engine of one virtual user: a QuickJS runtime with the script's modules in it.
//
// For this layer only; the one place that sees QuickJS. A runtime is entered only on its VU's
// fiber: enter() tells it where that fiber's stack is. A script that computes for long gives way to
// other fibers by itself, and is broken off when its fiber is cancelled.
//
// Source: QuickJS 2021-03-27, quickjs.h; docs/decisions/0005-javascript-engine.md.
#pragma once
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "load/vu.h"
#include "loop/fiber.h"
#include "plan/script_bundle.h"
#include "script/event_loop.h"
#include "script/js_value.h"
#include "step/step_context.h"

namespace brunt {

class ScriptBody;
class SourceFiles;
struct LazyKind;

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

  // While a script is read: what the module exports, as `import *` sees it. Errors: malformed.
  Result<JsValue> import_module(const std::string& name);

  // Before every entry from outside.
  void enter(Fiber& self);

  // Calls an exported function and runs what it leaves behind until nothing is under way (promises,
  // timers, operations). What an async function comes to; undefined where it never ends. Parks.
  // Errors: cancelled; malformed, with the exception; not_found.
  Result<JsValue> call(const std::string& function, std::span<JSValueConst> arguments);
  // Runs what promises have left to do. Errors: cancelled; malformed, also for one that was
  // rejected and nobody caught.
  Result<> settle();

  // Ends the run, or only this engine's work, from within: what runs is broken off soon.
  void break_off() { broken_off_ = true; }
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
  std::optional<std::string> aborted_in_init;  // By test.abort(): why.
  // exec.vu.metrics.tags: of everything that this virtual user measures from then on.
  std::vector<std::pair<std::string, std::string>> tags;
  std::string tag_text() const;  // As tag_text.h.
  std::string expected;          // By http.setResponseCallback(): expected_statuses.h
  std::uint32_t group = 0;       // By ScriptBody: the path of open groups.
  std::uint64_t iterations = 0;
  std::uint64_t id_in_instance = 0;
  const Iteration* iteration = nullptr;     // While one runs.
  JSValue exports = js_undefined;           // The entry's namespace.
  JSValue handed_over = js_undefined;       // The namespace of a module that was just imported.
  std::map<std::string, JSValue> commonjs;  // By name: the `module` of each that has begun to run.
  EventLoop events{*this};
  // By kind of object: its members' names (lazy_object.h).
  std::vector<std::pair<const LazyKind*, std::vector<JSAtom>>> member_names;
  // Parts of the library that were used (library.h).
  std::vector<std::pair<std::string, JSValue>> libraries;
  // Rejected promises that nobody has handled, with their reasons as text.
  std::vector<std::pair<void*, std::string>> rejections;

  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

 private:
  Result<> make_context(EngineLimits limits);
  Result<> run_byte_code(const std::string& code);
  Result<> run_start();
  Result<> run_init_code();
  Result<> watch(JSValueConst promise);
  static JSValue js_await(JSContext* context, JSValueConst, int, JSValueConst* arguments);
  static JSValue take_settled(JSContext* context, JSValueConst, int, JSValueConst* arguments,
                              int is_rejected);
  static int poll(JSRuntime* runtime, void* engine);
  static void rejected(JSContext* context, JSValueConst promise, JSValueConst reason,
                       JS_BOOL is_handled, void* engine);

  EngineLimits limits_;
  JSRuntime* runtime_ = nullptr;
  JSContext* context_ = nullptr;
  std::uint32_t polls_ = 0;
  bool ran_away_ = false, broken_off_ = false;
  JSValue settled_ = js_undefined;       // What the promise in hand came to.
  std::optional<std::string> rejected_;  // Why it did not.
  bool is_settled_ = false;
  JSValue awaited_ = js_undefined;  // What modules await at their top level, one after the other.
};

// Of modules: what a specifier means in module `base`. Errors: unsupported, invalid; in plain
// words.
Result<std::string> module_name(std::string_view base, std::string_view specifier);
// The path that a file:// address means in module `base`: in the way of the script's own name,
// which may be relative, so that a file has one name.
std::string path_of_url(std::string_view base, std::string_view url);
// Gives a module of the script's own its import.meta.resolve(). False: an exception is pending.
bool add_import_meta(JSContext* context, JSModuleDef* module);
// The module or file whose code called the function of ours that runs.
std::string calling_module(JSContext* context);

// setTimeout() and its like, which are global too.
void add_timers(JSContext* context, JSValueConst target);
// console, open(), require(), __ENV, __VU, __ITER.
void add_globals(JSContext* context);

}  // namespace brunt
