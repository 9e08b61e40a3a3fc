// What the engine cannot read as it is into what it can: TypeScript without its types, `await` at a
// module's top level moved into an async function, static blocks and `#name in object` written
// otherwise. Lines stay where they are.
//
//   Transpiler transpiler;
//   const std::string text = TRY(transpiler.strip_types("load.ts", source));
//
// For this layer only, while a script is read: it runs npm's sucrase and acorn (ui/transpiler) in a
// JavaScript engine of its own, made when it is first needed. Blocking. REQUIRES: not on a small
// stack.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

struct JSRuntime;
struct JSContext;

namespace brunt {

class Transpiler {
 public:
  Transpiler() = default;
  ~Transpiler();

  // Nothing is checked. Errors: malformed: a syntax error, with `name` and line.
  Result<std::string> strip_types(const std::string& name, std::string_view source);
  // Of a module. The source itself where the engine has all that is in it. Errors: as above.
  Result<std::string> lower(const std::string& name, std::string_view source);

  Transpiler(const Transpiler&) = delete;
  Transpiler& operator=(const Transpiler&) = delete;

 private:
  Result<std::string> call(const char* function, const std::string& name, std::string_view source);
  Result<> open();

  JSRuntime* runtime_ = nullptr;
  JSContext* context_ = nullptr;
};

// The bundle: ends in a NUL. Made by ui/transpiler/bundle.sh.
extern const std::string_view transpiler_source;

}  // namespace brunt
