// JavaScriptCore: a context group, which is a virtual machine, for each VU.
#include <JavaScriptCore/JavaScript.h>

#include <vector>

#include "measured.h"

int main() {
  std::vector<JSGlobalContextRef> contexts;
  const auto run = [](JSGlobalContextRef context, const char* code) {
    const JSStringRef text = JSStringCreateWithUTF8CString(code);
    if (JSEvaluateScript(context, text, nullptr, nullptr, 1, nullptr) == nullptr) std::abort();
    JSStringRelease(text);
  };
  measure(
      "JavaScriptCore", 300,
      [&] {
        contexts.push_back(JSGlobalContextCreateInGroup(JSContextGroupCreate(), nullptr));
        run(contexts.back(), init_code);
      },
      [&](const char* code) { run(contexts[0], code); });
}
