// QuickJS: a runtime and a context for each VU.
#include "quickjs.h"

#include <cstring>
#include <vector>

#include "measured.h"

int main() {
  std::vector<JSContext*> contexts;
  const auto run = [](JSContext* context, const char* code) {
    const JSValue value = JS_Eval(context, code, std::strlen(code), "x.js", JS_EVAL_TYPE_GLOBAL);
    if (JS_IsException(value)) std::abort();
    JS_FreeValue(context, value);
  };
  measure(
      "QuickJS", 300,
      [&] {
        contexts.push_back(JS_NewContext(JS_NewRuntime()));
        run(contexts.back(), init_code);
      },
      [&](const char* code) { run(contexts[0], code); });
}
