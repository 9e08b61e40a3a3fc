#include "cli/run_log.h"

#include <doctest/doctest.h>

#include "base/file.h"

namespace brunt {

TEST_CASE("what a script's console says becomes a line as k6 writes it") {
  const struct {
    std::string text, line;
  } cases[] = {
      {"console.log: it works", "level=info msg=\"it works\" source=console"},
      {"console.info: 8", "level=info msg=8 source=console"},
      {"console.warn: 7", "level=warning msg=7 source=console"},
      {"console.error: a \"b\"", "level=error msg=\"a \\\"b\\\"\" source=console"},
      {"console.debug:", "level=debug source=console"},
      {"http-debug: Request:", "level=info msg=\"Request:\" source=http-debug"},
      {"scenario default: request failed",
       "level=warning msg=\"scenario default: request failed\""},
  };
  for (const auto& [text, line] : cases)
    CHECK(log_line(log_entry_of(text), LogFormat::text, "T") == "time=\"T\" " + line);
}

TEST_CASE("a line may be JSON, its message alone, or coloured") {
  const LogEntry entry = log_entry_of("console.error: no \"way\"");
  CHECK(log_line(entry, LogFormat::json, "T") ==
        R"({"level":"error","msg":"no \"way\"","source":"console","time":"T"})");
  CHECK(log_line(entry, LogFormat::raw, "T") == "no \"way\"");
  CHECK(coloured_log_line(log_entry_of("console.log: hi"), std::chrono::seconds(12)) ==
        "\x1b[36mINFO\x1b[0m[0012] hi" + std::string(43, ' ') + " \x1b[36msource\x1b[0m=console");
}

TEST_CASE("a log takes what its level asks for, and console.debug only when it is verbose") {
  const LogEntry debug = log_entry_of("console.debug: x");
  const LogEntry info = log_entry_of("console.log: x");
  CHECK_FALSE(RunLog::open({})->takes(debug));
  CHECK(RunLog::open({})->takes(info));
  CHECK(RunLog::open({.is_verbose = true})->takes(debug));
  CHECK_FALSE(RunLog::open({.output = "none"})->takes(info));
  CHECK_FALSE(RunLog::open({.output = "file=/dev/null,level=warn"})->takes(info));
}

TEST_CASE("an output that cannot be is refused with what there is") {
  const std::pair<const char*, const char*> cases[] = {
      {"syslog", "stderr, stdout, none, or file=PATH"},
      {"loki=http://127.0.0.1", "stderr, stdout, none, or file=PATH"},
      {"file", "write file=PATH"},
      {"file=", "write file=PATH"},
      {"file=x,level=loud", "error, warning, info, or debug"},
      {"file=x,size=3", "file=PATH and level=LEVEL, not size"},
      {"file=/nowhere/x.log", "/nowhere/x.log"},
  };
  for (const auto& [output, expected] : cases) {
    CAPTURE(output);
    const auto log = RunLog::open({.output = output});
    REQUIRE(!log);
    CHECK(log.error().text.find(expected) != std::string::npos);
  }
}

}  // namespace brunt
