#include "script/transpiler.h"

#include <fmt/format.h>

#include <array>

#include "script/js_value.h"

namespace brunt {

Transpiler::~Transpiler() {
  if (context_ != nullptr) JS_FreeContext(context_);
  if (runtime_ != nullptr) JS_FreeRuntime(runtime_);
}

Result<> Transpiler::open() {
  if (context_ != nullptr) return {};
  runtime_ = JS_NewRuntime();
  if (runtime_ == nullptr) return fail(ErrorCode::exhausted, "no memory for the transpiler");
  JS_SetMaxStackSize(runtime_, 1u << 20u);
  JS_SetMemoryLimit(runtime_, std::size_t{1} << 30u);
  context_ = JS_NewContext(runtime_);
  if (context_ == nullptr) return fail(ErrorCode::exhausted, "no memory for the transpiler");
  const JsValue done(context_, JS_Eval(context_, transpiler_source.data(), transpiler_source.size(),
                                       "<transpiler>", JS_EVAL_TYPE_GLOBAL));
  if (done.failed()) return fail(ErrorCode::unsupported, take_exception(context_));
  return {};
}

Result<std::string> Transpiler::call(const char* function, const std::string& name,
                                     std::string_view source) {
  TRY(open());
  JS_UpdateStackTop(runtime_);
  const JsValue global(context_, JS_GetGlobalObject(context_));
  const JsValue transpiler = property(context_, global.get(), "transpiler");
  const JsValue code = property(context_, transpiler.get(), function);
  const JsValue text(context_, js_string(context_, source));
  const JsValue called(context_, js_string(context_, name));
  std::array<JSValueConst, 2> arguments{text.get(), called.get()};
  const JsValue made(context_,
                     JS_Call(context_, code.get(), transpiler.get(), 2, arguments.data()));
  if (!made.failed()) return text_of(context_, made.get());
  // Its own frames would say nothing to the script's author.
  const JsValue exception(context_, JS_GetException(context_));
  std::string why = text_of(context_, property(context_, exception.get(), "message").get());
  if (!why.contains(name)) why = name + ": " + why;
  return fail(ErrorCode::malformed, "SyntaxError: " + why);
}

Result<std::string> Transpiler::strip_types(const std::string& name, std::string_view source) {
  return call("stripTypes", name, source);
}

Result<std::string> Transpiler::lower(const std::string& name, std::string_view source) {
  return call("lower", name, source);
}

}  // namespace brunt
