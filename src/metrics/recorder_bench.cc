// What measuring costs: a value, all samples of one HTTP request, a second's freeze of 1,000 busy
// series on the loop's thread, and what the helper does with it.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "base/prng.h"
#include "metrics/recorder.h"
#include "metrics/totals.h"

namespace brunt {
namespace {

constexpr std::size_t values_ready = 1u << 14u;

// Latencies in ms as a service gives them: some hundreds of buckets over several octaves.
std::vector<double> latencies(std::uint64_t seed, double mean_ms) {
  Prng prng(seed);
  std::vector<double> values(values_ready);
  for (double& value : values) value = 0.05 + prng.exponential(mean_ms);
  return values;
}

// The series that a step has at hand for one kind of request with one status.
struct RequestSeries {
  RequestSeries(Recorder& recorder, std::string_view name) {
    const TagSetId tags = recorder.tags().with(TagSetId::none, {{"name", name},
                                                                {"method", "GET"},
                                                                {"status", "200"},
                                                                {"scenario", "default"},
                                                                {"url", name},
                                                                {"proto", "HTTP/1.1"},
                                                                {"expected_response", "true"}});
    const auto of = [&](MetricId metric) { return &recorder.series(metric, tags); };
    reqs = of(MetricId::http_reqs);
    failed = of(MetricId::http_req_failed);
    duration = of(MetricId::http_req_duration);
    blocked = of(MetricId::http_req_blocked);
    connecting = of(MetricId::http_req_connecting);
    tls = of(MetricId::http_req_tls_handshaking);
    sending = of(MetricId::http_req_sending);
    waiting = of(MetricId::http_req_waiting);
    receiving = of(MetricId::http_req_receiving);
    response = of(MetricId::response_time);
  }
  void record(double sent, double waited, double received) const {
    reqs->add(1.0);
    failed->add(0.0);
    blocked->add(0.0012 + sent);
    connecting->add(0.0);
    tls->add(0.0);
    sending->add(sent);
    waiting->add(waited);
    receiving->add(received);
    duration->add(sent + waited + received);
    response->add(sent + waited + received + 0.004);
  }

  Series *reqs, *failed, *duration, *blocked, *connecting, *tls, *sending, *waiting, *receiving,
      *response;
};

void histogram_record(benchmark::State& state) {
  const std::vector<double> values = latencies(1, 2.0);
  Histogram histogram;
  std::size_t i = 0;
  for (auto _ : state) histogram.record(values[i++ % values_ready]);
  benchmark::DoNotOptimize(histogram.count());
}
BENCHMARK(histogram_record);

void histogram_quantile(benchmark::State& state) {
  Histogram histogram;
  for (const double value : latencies(1, 2.0)) histogram.record(value);
  for (auto _ : state) benchmark::DoNotOptimize(histogram.quantile(0.99));
}
BENCHMARK(histogram_quantile);

// Ten samples: http_reqs, http_req_failed, the seven trends, response_time; over `n` request kinds.
void http_request_samples(benchmark::State& state) {
  const MetricRegistry registry;
  Recorder recorder(registry,
                    {.tap = state.range(1) != 0 ? SampleTap::on : SampleTap::off, .limits = {}});
  std::vector<RequestSeries> kinds;
  for (std::int64_t i = 0; i < state.range(0); ++i)
    kinds.emplace_back(recorder, "/path/" + std::to_string(i));
  const std::vector<double> sent = latencies(1, 0.02), waited = latencies(2, 2.0),
                            received = latencies(3, 0.05);
  std::size_t i = 0;
  for (auto _ : state) {
    const std::size_t at = i++ % values_ready;
    kinds[at % kinds.size()].record(sent[at], waited[at], received[at]);
    if (i % 100'000 != 0) continue;  // A second of a busy loop: as in life, with its freeze.
    state.PauseTiming();
    Snapshot snapshot = recorder.freeze(0);
    rinse(snapshot);
    recorder.recycle(std::move(snapshot));
    state.ResumeTiming();
  }
}
BENCHMARK(http_request_samples)->Args({1, 0})->Args({4, 0})->Args({20, 0})->Args({4, 1});

// 1,000 series, of which 800 are trends with a few hundred values in the second.
struct BusySecond {
  BusySecond() : recorder(registry) {
    for (int i = 0; i < 100; ++i) kinds.emplace_back(recorder, "/path/" + std::to_string(i));
  }
  void fill() {
    for (std::size_t i = 0; i < 300 * kinds.size(); ++i) {
      const std::size_t at = i % values_ready;
      kinds[i % kinds.size()].record(sent[at], waited[at], received[at]);
    }
  }

  MetricRegistry registry;
  Recorder recorder;
  std::vector<RequestSeries> kinds;
  std::vector<double> sent = latencies(1, 0.02), waited = latencies(2, 2.0),
                      received = latencies(3, 0.05);
};

void freeze_1000_series(benchmark::State& state) {
  BusySecond second;
  for (auto _ : state) {
    state.PauseTiming();
    second.fill();
    state.ResumeTiming();
    Snapshot snapshot = second.recorder.freeze(0);
    state.PauseTiming();
    rinse(snapshot);
    state.ResumeTiming();
    second.recorder.recycle(std::move(snapshot));  // On the loop's thread, too.
  }
  state.counters["KiB_a_series"] =
      static_cast<double>(second.recorder.memory_bytes()) / 1024.0 / 1000.0;
}
BENCHMARK(freeze_1000_series)->Unit(benchmark::kMicrosecond)->Iterations(50);

void helper_1000_series(benchmark::State& state) {
  BusySecond second;
  Totals totals;
  std::int64_t number = 0;
  std::size_t bytes = 0;
  for (auto _ : state) {
    state.PauseTiming();
    second.fill();
    Snapshot snapshot = second.recorder.freeze(number);
    state.ResumeTiming();
    if (!totals.merge(0, snapshot)) state.SkipWithError("merge failed");
    const auto rows = totals.close_second(number++);
    rinse(snapshot);
    state.PauseTiming();
    for (const SecondRow& row : rows) bytes += row.histogram.size();
    second.recorder.recycle(std::move(snapshot));
    state.ResumeTiming();
  }
  state.counters["bytes_a_row"] =
      static_cast<double>(bytes) / 1000.0 / static_cast<double>(state.iterations());
}
BENCHMARK(helper_1000_series)->Unit(benchmark::kMillisecond)->Iterations(50);

void wire_1000_series(benchmark::State& state) {
  BusySecond second;
  second.fill();
  const Snapshot snapshot = second.recorder.freeze(0);
  std::size_t bytes = 0;
  for (auto _ : state) {
    const std::string wire = encode_snapshot(snapshot);
    const auto back = decode_snapshot(as_bytes(wire));
    benchmark::DoNotOptimize(back->rows.size());
    bytes = wire.size();
  }
  state.counters["KiB"] = static_cast<double>(bytes) / 1024;
}
BENCHMARK(wire_1000_series)->Unit(benchmark::kMillisecond)->Iterations(50);

}  // namespace
}  // namespace brunt
