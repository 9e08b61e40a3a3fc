#include "watch/perf_script.h"

#include <doctest/doctest.h>

using namespace brunt;

namespace {

constexpr std::string_view two_samples =
    "redis-server  3207 \n"
    "\tffffffff813a2413 finish_task_switch.isra.0 ([kernel.kallsyms])\n"
    "\t           f838f __GI___libc_write (/usr/lib/x86_64-linux-gnu/libc.so.6)\n"
    "\t           84f09 _writeToClient (/usr/bin/redis-check-rdb)\n"
    "\t           61215 main (/usr/bin/redis-check-rdb)\n"
    "\n"
    "redis-server  3207 \n"
    "\t           61215 main (/usr/bin/redis-check-rdb)\n"
    "\n";

std::string folded(std::string_view text) {
  PerfScript script;
  script.feed(text);
  script.finish();
  return script.folded();
}

}  // namespace

TEST_CASE("each sample is a stack with the root first, and the kernel is marked") {
  CHECK(folded(two_samples) ==
        "redis-server;main 1\n"
        "redis-server;main;_writeToClient;__GI___libc_write;finish_task_switch.isra.0_[k] 1\n");
}

TEST_CASE("the bytes of a script may come in any split") {
  const std::string whole = folded(two_samples);
  for (std::size_t step = 1; step < 40; ++step) {
    PerfScript script;
    for (std::size_t at = 0; at < two_samples.size(); at += step)
      script.feed(two_samples.substr(at, step));
    script.finish();
    CHECK(script.folded() == whole);
    CHECK(script.samples() == 2);
  }
}

TEST_CASE(
    "a function of C++ may have blanks and brackets in its name, and its file may be deleted") {
  CHECK(folded("web  1 \n\t 12 void brunt::f(int, char) const (/a b/web (deleted))\n\n") ==
        "web;void brunt::f(int, char) const 1\n");
}

TEST_CASE("a function without a name is its library, once") {
  CHECK(folded("a b 12/13 \n\t 1 [unknown] (/usr/lib/libx.so)\n\t 2 [unknown] (/usr/lib/libx.so)\n"
               "\t 3 main (/bin/a)\n\t 4 [unknown] ([unknown])\n\n") == "a b;main;[libx.so] 1\n");
}

TEST_CASE("what would break the folded form is replaced") {
  CHECK(folded("a 1 \n\t 1 f;g\x01 (/bin/a)\n") == "a;f:g? 1\n");
}

TEST_CASE("lines that make no sense are counted and left out") {
  PerfScript script;
  script.feed(
      "Warning:\nsomething went wrong\n\n\t 12 lonely (/bin/a)\na 1 \n\t nonsense\n\t zz f "
      "(/bin/a)\n\t 1 f (/bin/a)\n");
  script.finish();
  CHECK(script.folded() == "a;f 1\n");
  CHECK(script.lines_refused() == 5);
}

TEST_CASE("too long lines, too deep stacks and too many of them are bounded") {
  PerfScript script({.line_bytes_max = 100, .name_bytes_max = 5, .depth_max = 2, .stacks_max = 2});
  script.feed("a 1 \n\t 1 " + std::string(200, 'x') + " (/bin/a)\n\t 2 abcdefgh (/bin/a)\n");
  script.feed("\t 3 b (/bin/a)\n\t 4 c (/bin/a)\n\n");
  for (int i = 0; i < 10; ++i) script.feed("a 1 \n\t 1 f" + std::to_string(i) + " (/bin/a)\n\n");
  script.finish();
  CHECK(script.lines_refused() == 1);
  CHECK(script.folded() == "[other] 9\na;b;abcde 1\na;f0 1\n");
}
