// What the helper pays to keep a second of 1,000 busy series, by store. The PostgreSQL is the one
// that BRUNT_BENCH_POSTGRES names (postgres://…), with its fsync as it is; without it only SQLite.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>
#include <utility>

#include "base/prng.h"
#include "base/temporary_folder.h"
#include "ledger/ledger.h"
#include "metrics/recorder.h"
#include "metrics/totals.h"
#include "record/series.h"

namespace brunt {
namespace {

constexpr int series_count = 1000;
constexpr int values_a_second = 300;

// Trends with some hundreds of latencies each, as a busy service gives them.
class BusySeconds {
 public:
  SecondRecord next() {
    for (int i = 0; i < series_count; ++i) {
      const TagSetId tags =
          recorder_.tags().intern({{"name", "/path/" + std::to_string(i)}, {"status", "200"}});
      Series& series = recorder_.series(MetricId::http_req_duration, tags);
      for (int k = 0; k < values_a_second; ++k) series.add(0.05 + prng_.exponential(2.0));
    }
    if (!totals_.merge(0, recorder_.freeze(second_))) std::abort();
    auto records = seconds_.take(second_, totals_.close_second(second_));
    ++second_;
    return std::move(records.front());
  }

 private:
  Prng prng_{1};
  MetricRegistry registry_;
  Recorder recorder_{registry_};
  Totals totals_;
  SecondRecorder seconds_{"here"};
  std::int64_t second_ = 0;
};

void append_seconds(benchmark::State& state, const std::string& place) {
  const auto ledger = Ledger::open({.place = place});
  RunRecord head;
  head.run.id = "20261122-120000-b3nc";
  if (!ledger || !(*ledger)->begin_run(head)) {
    state.SkipWithError(ledger ? "begin_run failed" : ledger.error().text.c_str());
    return;
  }
  BusySeconds seconds;
  for (auto _ : state) {
    state.PauseTiming();
    const SecondRecord second = seconds.next();
    state.ResumeTiming();
    if (!(*ledger)->append_second(head.run.id, second)) state.SkipWithError("append failed");
  }
  if (!(*ledger)->remove(head.run.id)) state.SkipWithError("the run could not be removed");
}

void append_to_sqlite(benchmark::State& state) {
  const auto folder = TemporaryFolder::make("brunt-bench");
  if (!folder) return state.SkipWithError(folder.error().text.c_str());
  append_seconds(state, (*folder / "ledger.db").string());
}
BENCHMARK(append_to_sqlite)->Unit(benchmark::kMillisecond)->Iterations(30);

void append_to_postgres(benchmark::State& state) {
  const char* const place = std::getenv("BRUNT_BENCH_POSTGRES");
  if (place == nullptr) return state.SkipWithError("BRUNT_BENCH_POSTGRES is not set");
  append_seconds(state, place);
}
BENCHMARK(append_to_postgres)->Unit(benchmark::kMillisecond)->Iterations(30);

}  // namespace
}  // namespace brunt
