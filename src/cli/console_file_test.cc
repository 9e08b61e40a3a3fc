#include "cli/console_file.h"

#include <doctest/doctest.h>

namespace brunt {

TEST_CASE("what a script's console says becomes a line as k6 writes it") {
  const struct {
    std::string text, line;
  } cases[] = {
      {"console.log: it works", "level=info msg=\"it works\" source=console"},
      {"console.warn: 7", "level=warning msg=7 source=console"},
      {"console.error: a \"b\"", "level=error msg=\"a \\\"b\\\"\" source=console"},
      {"console.debug:", "level=debug msg=\"\" source=console"},
      {"scenario default: request failed", ""},
  };
  for (const auto& [text, line] : cases) CHECK(console_line(text) == line);
}

}  // namespace brunt
