// SpiderMonkey: one JSContext a thread is all it allows, so each VU is a global of its own zone.
#include <js/CompilationAndEvaluation.h>
#include <js/Initialization.h>
#include <js/SourceText.h>
#include <jsapi.h>

#include <cstring>
#include <vector>

#include "measured.h"

int main() {
  JS_Init();
  JSContext* const context = JS_NewContext(256u << 20u);
  if (context == nullptr || !JS::InitSelfHostedCode(context)) return 1;
  static const JSClass global_class = {"global", JSCLASS_GLOBAL_FLAGS, &JS::DefaultGlobalClassOps};
  std::vector<JS::PersistentRooted<JSObject*>*> globals;
  const auto run = [&](JSObject* global, const char* code) {
    JSAutoRealm realm(context, global);
    JS::SourceText<mozilla::Utf8Unit> text;
    JS::RootedValue value(context);
    JS::CompileOptions options(context);
    if (!text.init(context, code, std::strlen(code), JS::SourceOwnership::Borrowed) ||
        !JS::Evaluate(context, options, text, &value))
      std::abort();
  };
  measure(
      "SpiderMonkey", 300,
      [&] {
        JS::RealmOptions options;
        options.creationOptions().setNewCompartmentAndZone();
        globals.push_back(new JS::PersistentRooted<JSObject*>(
            context,
            JS_NewGlobalObject(context, &global_class, nullptr, JS::FireOnNewGlobalHook, options)));
        run(globals.back()->get(), init_code);
      },
      [&](const char* code) { run(globals[0]->get(), code); });
  std::fflush(stdout);
  std::_Exit(0);  // Its own end wants every global gone first.
}
