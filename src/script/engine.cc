#include "script/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/text.h"
#include "script/builtin_modules.h"
#include "script/commonjs.h"
#include "script/library.h"
#include "script/polyfills.h"
#include "script/source_files.h"
#include "script/source_text.h"
#include "script/tag_text.h"

namespace brunt {

namespace {

// What becomes a SharedArray is read here as a whole, once.
constexpr std::size_t memory_bytes_reading = std::size_t{4} << 30u;

JSValue hand_over(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  JSValue& handed = Engine::of(context).handed_over;
  JS_FreeValue(context, std::exchange(handed, JS_DupValue(context, arguments[0])));
  return js_undefined;
}

char* normalize(JSContext* context, const char* base, const char* specifier, void*) {
  auto name = module_name(base, specifier);
  if (!name) {
    if (SourceFiles* sources = Engine::of(context).sources)
      sources->refused = fail_in(base, name.error()).error();
    (void)throw_error(context, name.error().text);
    return nullptr;
  }
  return js_strndup(context, name->data(), name->size());
}

// (specifier), of the module that `name` says: as import would read it, for open() and require().
JSValue js_resolve(JSContext* context, JSValueConst, int, JSValueConst* arguments, int,
                   JSValue* name) {
  const JsText specifier(context, arguments[0]);
  if (!specifier.ok()) return js_exception;
  const auto found = module_name(text_of(context, *name), specifier.view());
  if (!found) return throw_error(context, found.error().text);
  const bool is_file = !is_builtin_module(*found) && !found->starts_with("https://");
  std::error_code error;
  const auto whole = std::filesystem::absolute(*found, error);
  return js_string(context,
                   is_file && !error ? "file://" + whole.lexically_normal().string() : *found);
}

JSModuleDef* load_byte_code(JSContext* context, const std::string& code) {
  const JSValue module = JS_ReadObject(context, reinterpret_cast<const std::uint8_t*>(code.data()),
                                       code.size(), JS_READ_OBJ_BYTECODE);
  if (JS_IsException(module)) return nullptr;
  auto* made = static_cast<JSModuleDef*>(JS_VALUE_GET_PTR(module));
  JS_FreeValue(context, module);  // The context holds it by its name.
  return add_import_meta(context, made) ? made : nullptr;
}

JSModuleDef* load_module(JSContext* context, const char* name, void*) {
  Engine& engine = Engine::of(context);
  if (JSModuleDef* ours = make_builtin_module(context, name)) return ours;
  if (engine.reading != nullptr) return engine.sources->compile_module(context, name);
  if (engine.bundle->commonjs.contains(name)) return import_commonjs(context, name);
  const auto found = engine.bundle->modules.find(name);
  if (found != engine.bundle->modules.end()) return load_byte_code(context, found->second);
  (void)throw_error(context, fmt::format("module {} was not read with the script", name));
  return nullptr;
}

std::string beside_remote(std::string_view base, std::string_view specifier) {
  const std::size_t path_at = std::min(base.find('/', base.find("://") + 3), base.size());
  const std::filesystem::path path(base.substr(path_at));
  return std::string(base.substr(0, path_at)) +
         (path.parent_path() / specifier).lexically_normal().string();
}

}  // namespace

bool add_import_meta(JSContext* context, JSModuleDef* module) {
  const JsValue meta(context, JS_GetImportMeta(context, module));
  if (meta.failed()) return false;
  const JSAtom atom = JS_GetModuleName(context, module);
  JsValue name(context, JS_AtomToString(context, atom));
  JS_FreeAtom(context, atom);
  JSValue held = name.get();
  set_property(context, meta.get(), "resolve",
               JS_NewCFunctionData(context, js_resolve, 1, 0, 1, &held));
  return true;
}

std::string calling_module(JSContext* context) {
  const JSAtom atom = JS_GetScriptOrModuleName(context, 1);
  const JsValue name(context, JS_AtomToString(context, atom));
  JS_FreeAtom(context, atom);
  return text_of(context, name.get());
}

std::string path_of_url(std::string_view base, std::string_view url) {
  const auto path = std::filesystem::path(url.substr(7)).lexically_normal();
  const bool is_relative = std::filesystem::path(base).is_relative() && !is_remote(base);
  std::error_code error;
  const auto here = std::filesystem::current_path(error);
  return is_relative && !error ? path.lexically_proximate(here).string() : path.string();
}

Result<std::string> module_name(std::string_view base, std::string_view specifier) {
  // The first import of all names the script itself, which may lie in a folder named k6.
  if (base == "<start>") return std::string(specifier);
  if (specifier == "k6" || specifier.starts_with("k6/") || specifier.starts_with("brunt/"))
    return std::string(present_name(specifier));
  if (auto ours = jslib_module(specifier)) return std::move(*ours);
  if (is_remote(specifier)) return std::string(specifier);
  if (specifier.starts_with("file://")) return path_of_url(base, specifier);
  if (is_remote(base) && specifier.starts_with('.')) return beside_remote(base, specifier);
  if (specifier.starts_with("/"))
    return std::filesystem::path(specifier).lexically_normal().string();
  if (!specifier.starts_with("./") && !specifier.starts_with("../"))
    return fail(ErrorCode::unsupported,
                fmt::format("import of \"{}\": packages are not looked up; a file of yours begins "
                            "with ./ or ../",
                            specifier));
  return (std::filesystem::path(base).parent_path() / specifier).lexically_normal().string();
}

Engine::~Engine() {
  close();
}

void Engine::close() {
  if (runtime_ == nullptr) return;
  if (fiber != nullptr) JS_UpdateStackTop(runtime_);
  events.clear();
  JS_FreeValue(context_, std::exchange(exports, js_undefined));
  JS_FreeValue(context_, std::exchange(settled_, js_undefined));
  for (const auto& [name, made] : libraries) JS_FreeValue(context_, made);
  libraries.clear();
  JS_FreeValue(context_, std::exchange(handed_over, js_undefined));
  JS_FreeValue(context_, std::exchange(awaited_, js_undefined));
  for (const auto& [name, module] : commonjs) JS_FreeValue(context_, module);
  commonjs.clear();
  for (const auto& [kind, atoms] : member_names)
    for (const JSAtom atom : atoms) JS_FreeAtom(context_, atom);
  member_names.clear();
  JS_FreeContext(context_);
  JS_FreeRuntime(runtime_);
  runtime_ = nullptr;
  context_ = nullptr;
}

int Engine::poll(JSRuntime*, void* opaque) {
  Engine& engine = *static_cast<Engine*>(opaque);
  ++engine.polls_;
  if (engine.fiber == nullptr) {
    engine.ran_away_ = engine.polls_ > engine.limits_.polls_init;
    return engine.ran_away_ ? 1 : 0;
  }
  if (engine.fiber->cancelled() || engine.broken_off_) return 1;
  if (engine.polls_ < engine.limits_.polls_yield) return 0;
  engine.polls_ = 0;
  // A millisecond, and not none, so that virtual time goes on too.
  return engine.fiber->sleep(std::chrono::milliseconds(1)) ? 0 : 1;
}

void Engine::rejected(JSContext* context, JSValueConst promise, JSValueConst reason,
                      JS_BOOL is_handled, void* opaque) {
  Engine& engine = *static_cast<Engine*>(opaque);
  void* key = JS_VALUE_GET_PTR(promise);
  if (is_handled != 0) {
    std::erase_if(engine.rejections, [key](const auto& one) { return one.first == key; });
    return;
  }
  JS_Throw(context, JS_DupValue(context, reason));
  engine.rejections.emplace_back(key, take_exception(context));
}

Result<> Engine::make_context(EngineLimits limits) {
  limits_ = limits;
  runtime_ = JS_NewRuntime();
  if (runtime_ == nullptr) return fail(ErrorCode::exhausted, "no memory for a script's runtime");
  JS_SetRuntimeOpaque(runtime_, this);
  JS_SetMaxStackSize(runtime_, limits.stack_bytes);
  JS_SetMemoryLimit(runtime_, limits.memory_bytes);
  JS_SetInterruptHandler(runtime_, poll, this);
  JS_SetHostPromiseRejectionTracker(runtime_, rejected, this);
  JS_SetModuleLoaderFunc(runtime_, normalize, load_module, this);
  context_ = JS_NewContext(runtime_);
  if (context_ == nullptr) {
    JS_FreeRuntime(runtime_);
    runtime_ = nullptr;
    return fail(ErrorCode::exhausted, "no memory for a script's context");
  }
  JS_SetContextOpaque(context_, this);
  add_globals(context_);
  add_library_globals(context_);
  add_polyfills(context_);
  const JsValue global(context_, JS_GetGlobalObject(context_));
  JS_DefinePropertyValueStr(context_, global.get(), "__brunt_hand_over",
                            JS_NewCFunction(context_, hand_over, "__brunt_hand_over", 1), 0);
  JS_DefinePropertyValueStr(context_, global.get(), "__brunt_await",
                            JS_NewCFunction(context_, js_await, "__brunt_await", 1), 0);
  return {};
}

Result<> Engine::open_for_reading(SourceFiles& files, ScriptBundle& collected) {
  bundle = &collected;
  reading = &collected;
  sources = &files;
  TRY(make_context({.stack_bytes = 1u << 20u, .memory_bytes = memory_bytes_reading}));
  TRY(files.compile_libraries(context_));
  collected.start = TRY(files.compile_import(context_, collected.entry));
  return run_start();
}

Result<JsValue> Engine::import_module(const std::string& name) {
  const std::string code = TRY(sources->compile_import(context_, name));
  TRY(run_byte_code(code));
  return JsValue(context_, std::exchange(handed_over, js_undefined));
}

Result<> Engine::open(Fiber& self, const ScriptBundle& compiled, const ScriptCall& call) {
  bundle = &compiled;
  scenario_call = &call;
  fiber = &self;
  TRY(make_context({}));
  enter(self);
  TRY(run_start());
  in_init = false;
  return {};
}

void Engine::enter(Fiber& self) {
  fiber = &self;
  polls_ = 0;
  JS_UpdateStackTop(runtime_);
}

std::string Engine::tag_text() const {
  std::string text;
  for (const auto& [name, value] : tags) append_tag(text, name, value);
  return text;
}

Result<> Engine::run_start() {
  Result<> done = run_init_code();
  if (aborted_in_init) return fail(ErrorCode::aborted, "test aborted: " + *aborted_in_init);
  return done;
}

// The entry's init code, with what it awaits at its top level and its timers.
Result<> Engine::run_init_code() {
  TRY(run_byte_code(bundle->start));
  exports = std::exchange(handed_over, js_undefined);
  if (JS_IsUndefined(awaited_)) return events.run_init();
  TRY(watch(awaited_));
  TRY(events.run_init());
  if (rejected_) return fail(ErrorCode::malformed, *std::exchange(rejected_, std::nullopt));
  if (!is_settled_)
    return fail(ErrorCode::malformed,
                fmt::format("{}: what is awaited at its top level does not come to an end in init "
                            "code",
                            bundle->entry));
  return {};
}

// Of a module with `await` at its top level (ui/transpiler): its statements as an async function.
JSValue Engine::js_await(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  Engine& engine = of(context);
  JSValue next = js_undefined;
  if (JS_IsUndefined(engine.awaited_)) {
    next = JS_Call(context, arguments[0], js_undefined, 0, nullptr);
  } else {
    const JsValue then = property(context, engine.awaited_, "then");
    next = JS_Call(context, then.get(), engine.awaited_, 1, arguments);
  }
  if (JS_IsException(next)) return next;
  JS_FreeValue(context, std::exchange(engine.awaited_, next));
  return js_undefined;
}

bool Engine::interrupted() const {
  return ran_away_ || broken_off_ || (fiber != nullptr && fiber->cancelled());
}

Result<> Engine::run_byte_code(const std::string& code) {
  const JSValue object = JS_ReadObject(context_, reinterpret_cast<const std::uint8_t*>(code.data()),
                                       code.size(), JS_READ_OBJ_BYTECODE);
  bool failed = JS_IsException(object) != 0;
  if (!failed && JS_VALUE_GET_TAG(object) == JS_TAG_MODULE) {
    failed = JS_ResolveModule(context_, object) < 0;
    if (failed) JS_FreeValue(context_, object);
  }
  if (!failed) {
    const JsValue done(context_, JS_EvalFunction(context_, object));
    failed = done.failed();
  }
  if (failed) {
    std::string text = take_exception(context_);
    if (sources != nullptr && sources->refused) return std::unexpected(*sources->refused);
    if (sources != nullptr) text = sources->with_place(std::move(text));
    if (ran_away_) text = "the script's init code does not come to an end";
    if (fiber != nullptr && fiber->cancelled()) return fail(ErrorCode::cancelled, "the run ends");
    return fail(ErrorCode::malformed, std::move(text));
  }
  return settle();
}

Result<> Engine::settle() {
  JSContext* context = nullptr;
  for (;;) {
    const int done = JS_ExecutePendingJob(runtime_, &context);
    if (done == 0) break;
    if (done < 0) {
      std::string text = take_exception(context);
      if (interrupted()) return fail(ErrorCode::cancelled, "the run ends");
      return fail(ErrorCode::malformed, std::move(text));
    }
  }
  if (rejections.empty()) return {};
  std::string text = "Uncaught (in promise) " + rejections.front().second;
  rejections.clear();
  return fail(ErrorCode::malformed, std::move(text));
}

Result<JsValue> Engine::call(const std::string& function, std::span<JSValueConst> arguments) {
  const JsValue code = property(context_, exports, function.c_str());
  if (JS_IsFunction(context_, code.get()) == 0)
    return fail(ErrorCode::not_found, fmt::format("the script exports no function {}", function));
  JsValue result(context_, JS_Call(context_, code.get(), js_undefined,
                                   static_cast<int>(arguments.size()), arguments.data()));
  Result<> ran;
  if (result.failed()) {
    rejections.clear();
    std::string text = take_exception(context_);
    ran = interrupted() ? fail(ErrorCode::cancelled, "the run ends")
                        : fail(ErrorCode::malformed, std::move(text));
  }
  const bool is_promise =
      ran && JS_IsObject(result.get()) &&
      JS_IsFunction(context_, property(context_, result.get(), "then").get()) != 0;
  if (is_promise) ran = watch(result.get());
  // What a function that has failed left under way is not waited for, as in k6.
  if (ran) ran = events.run(*fiber, [this] { return rejected_.has_value(); });
  if (ran && rejected_) ran = fail(ErrorCode::malformed, *std::exchange(rejected_, std::nullopt));
  if (!ran) {
    events.abandon(*fiber);
    return std::unexpected(ran.error());
  }
  return is_promise ? JsValue(context_, std::exchange(settled_, js_undefined)) : std::move(result);
}

JSValue Engine::take_settled(JSContext* context, JSValueConst, int, JSValueConst* arguments,
                             int is_rejected) {
  Engine& engine = of(context);
  engine.is_settled_ = true;
  if (is_rejected != 0) {
    JS_Throw(context, JS_DupValue(context, arguments[0]));
    engine.rejected_ = take_exception(context);
  } else {
    JS_FreeValue(context, std::exchange(engine.settled_, JS_DupValue(context, arguments[0])));
  }
  return js_undefined;
}

// Keeps what the promise comes to.
Result<> Engine::watch(JSValueConst promise) {
  JS_FreeValue(context_, std::exchange(settled_, js_undefined));
  rejected_.reset();
  is_settled_ = false;
  const JsValue then = property(context_, promise, "then");
  const auto taker = [&](int is_rejected) {
    return JsValue(context_, JS_NewCFunctionMagic(context_, take_settled, "settled", 1,
                                                  JS_CFUNC_generic_magic, is_rejected));
  };
  const JsValue fulfilled = taker(0), rejected = taker(1);
  JSValueConst arguments[] = {fulfilled.get(), rejected.get()};
  const JsValue chained(context_, JS_Call(context_, then.get(), promise, 2, arguments));
  return chained.failed() ? fail(ErrorCode::malformed, take_exception(context_)) : Result<>();
}

}  // namespace brunt
