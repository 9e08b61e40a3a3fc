#include "script/script_vu.h"

#include <array>

namespace brunt {
namespace {

// One seed reproduces a run.
JSValue draw(JSContext* context, JSValueConst, int, JSValueConst*) {
  PlanVu* vu = Engine::of(context).vu;
  return JS_NewFloat64(context, vu->prng.uniform());
}

}  // namespace

ScriptVu::~ScriptVu() {
  if (engine.context() == nullptr) return;
  JS_FreeValue(engine.context(), data_);
  JS_FreeValue(engine.context(), own_);
  JS_FreeAtom(engine.context(), iteration_name_);
  engine.close();
}

Result<> ScriptVu::open(Fiber& self, ScriptBody& body, std::string_view setup_data) {
  engine.vu = &plan;
  engine.id_in_instance = id_in_instance;
  TRY(engine.open(self, body.bundle(), body.call()));
  engine.body = &body;
  JSContext* context = engine.context();
  const JsValue global(context, JS_GetGlobalObject(context));
  iteration_name_ = JS_NewAtom(context, "__ITER");
  const JsValue math = property(context, global.get(), "Math");
  set_property(context, math.get(), "random", JS_NewCFunction(context, draw, "random", 0));
  if (setup_data.empty()) return {};
  const std::string text(setup_data);
  data_ = JS_ParseJSON(context, text.c_str(), text.size(), "<setup>");
  if (JS_IsException(data_)) return fail(ErrorCode::invalid, take_exception(context));
  return {};
}

Result<> ScriptVu::set_up(Fiber& self) {
  engine.enter(self);
  std::array<JSValueConst, 1> arguments{data_};
  own_ = TRY(engine.call("vuSetup", arguments)).release();
  cookies_ = plan.session.cookies();
  return {};
}

void ScriptVu::begin_iteration(const Iteration& iteration) {
  plan.iteration = engine.iterations++;
  plan.iteration_in_test = iteration.index;
  plan.lateness = iteration.started - iteration.planned;
  engine.group = 0;
  engine.iteration = &iteration;
  const ScriptHttpOptions& http = engine.bundle->http;
  if (http.reset_cookies && !(plan.session.cookies().empty() && cookies_.empty()))
    plan.session.cookies() = cookies_;
  if (!http.reuse_over_iterations) plan.session.client().close_idle();
}

Result<> ScriptVu::run(Fiber& self, const std::string& function) {
  JSContext* context = engine.context();
  engine.enter(self);
  const JsValue global(context, JS_GetGlobalObject(context));
  JS_SetProperty(context, global.get(), iteration_name_,
                 JS_NewInt64(context, static_cast<std::int64_t>(plan.iteration)));
  std::array<JSValueConst, 2> arguments{data_, own_};
  auto done = engine.call(function, arguments);
  if (!done) return std::unexpected(done.error());
  return {};
}

Result<std::string> ScriptVu::run_for_json(Fiber& self, const std::string& function) {
  JSContext* context = engine.context();
  engine.enter(self);
  std::array<JSValueConst, 1> arguments{data_};
  const JsValue returned = TRY(engine.call(function, arguments));
  const JsValue json(context,
                     JS_JSONStringify(context, returned.get(), js_undefined, js_undefined));
  if (json.failed()) return fail(ErrorCode::invalid, take_exception(context));
  return JS_IsUndefined(json.get()) ? std::string() : text_of(context, json.get());
}

Result<ScriptTexts> ScriptVu::run_for_texts(Fiber& self, const std::string& function) {
  JSContext* context = engine.context();
  engine.enter(self);
  std::array<JSValueConst, 1> arguments{data_};
  const JsValue returned = TRY(engine.call(function, arguments));
  if (!JS_IsObject(returned.get()))
    return fail(ErrorCode::malformed, "it returned no object of texts, like { stdout: \"...\" }");
  ScriptTexts texts;
  for_each_property(context, returned.get(), [&](const std::string& name, JSValueConst value) {
    std::size_t size = 0;
    const std::uint8_t* bytes =
        JS_IsObject(value) ? JS_GetArrayBuffer(context, &size, value) : nullptr;
    if (bytes == nullptr && JS_IsObject(value)) JS_FreeValue(context, JS_GetException(context));
    texts.emplace_back(name, bytes != nullptr
                                 ? std::string(reinterpret_cast<const char*>(bytes), size)
                                 : text_of(context, value));
    return true;
  });
  return texts;
}

}  // namespace brunt
