// What bench/engines/run asks of each JavaScript engine: the same code, the same questions.
#pragma once
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

// What a small load script leaves in a VU: some functions and an object.
inline const char* const init_code =
    "var cart = { id: 7, lines: [{ sku: 'a', n: 1 }, { sku: 'b', n: 2 }] };"
    "function total(c) { let sum = 0; for (const l of c.lines) sum += l.n; return sum; }"
    "function body(n) { return JSON.stringify({ user: 'u' + n, total: total(cart) }); }";
inline const char* const loop_code =
    "(function () { let sum = 0; for (let i = 0; i < 5000000; i++) sum += i & 7; return sum; })()";
inline const char* const body_code =
    "(function () { let size = 0; for (let i = 0; i < 200000; i++) size += body(i).length; return "
    "size; })()";

inline double resident_kib() {
  long pages = 0, resident = 0;
  FILE* const file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr || std::fscanf(file, "%ld %ld", &pages, &resident) != 2) std::abort();
  std::fclose(file);
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1024;
}

// `open` makes one more isolated VU with the init code run in it; `run` runs code in the first.
template <typename Open, typename Run>
void measure(const char* name, int count, Open open, Run run) {
  using Clock = std::chrono::steady_clock;
  const auto ms_since = [](Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
  };
  open();
  const double before = resident_kib();
  auto start = Clock::now();
  for (int i = 0; i < count; ++i) open();
  const double opened_ms = ms_since(start);
  const double each_kib = (resident_kib() - before) / count;
  start = Clock::now();
  run(loop_code);
  const double loop_ms = ms_since(start);
  start = Clock::now();
  run(body_code);
  std::printf("%-16s%8.0f KiB a VU %8.0f us to open %8.1f ns a turn of a loop %8.2f us a body\n",
              name, each_kib, opened_ms * 1000 / count, loop_ms * 1e6 / 5e6,
              ms_since(start) * 1000 / 2e5);
}
