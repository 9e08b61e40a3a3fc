// ASSERT: what can only be false through a bug of ours. On in every build; prints where and aborts.
//
// What the target, the user or the machine did wrong is never an ASSERT: it is an outcome or a
// Result (STYLE.md, rule 5).
#pragma once

namespace brunt {
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line) noexcept;
}  // namespace brunt

#define ASSERT(expression)                                        \
  do {                                                            \
    if (!(expression)) [[unlikely]]                               \
      ::brunt::assertion_failed(#expression, __FILE__, __LINE__); \
  } while (false)
