#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace brunt {

void assertion_failed(const char* expression, const char* file, int line) noexcept {
  (void)std::fprintf(stderr, "brunt: a bug of ours: %s is false at %s:%d. Please report it.\n",
                     expression, file, line);
  std::abort();
}

}  // namespace brunt
