#include "metrics/recorder.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "metrics/totals.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;

// A recorder with its registry, and the totals its snapshots go to.
struct Bench {
  explicit Bench(const Recorder::Options& options = {}) : recorder(registry, options) {}

  TagSetId tags(std::string_view name) {
    return recorder.tags().with(TagSetId::none, {{"name", name}});
  }
  Snapshot freeze(std::int64_t second) {
    Snapshot snapshot = recorder.freeze(second);
    REQUIRE(totals.merge(0, snapshot));
    return snapshot;
  }
  double total(std::string_view metric) {
    const auto sink = totals.select({std::string(metric), {}});
    return sink ? sink->sum() : -1;
  }

  MetricRegistry registry;
  Recorder recorder;
  Totals totals;
};

}  // namespace

TEST_CASE("a series is found again, and its reference stays valid while others come") {
  Bench bench;
  Series& first = bench.recorder.series(MetricId::http_reqs, bench.tags("/a"));
  for (int i = 0; i < 5000; ++i)
    bench.recorder.series(MetricId::http_reqs, bench.tags(std::to_string(i)));
  CHECK(&first == &bench.recorder.series(MetricId::http_reqs, bench.tags("/a")));
  CHECK(&first != &bench.recorder.series(MetricId::checks, bench.tags("/a")));
}

TEST_CASE("a freeze hands over only what changed, and defines each series once") {
  Bench bench;
  Series& a = bench.recorder.series(MetricId::http_reqs, bench.tags("/a"));
  Series& b = bench.recorder.series(MetricId::http_req_duration, bench.tags("/b"));
  a.add(1.0);
  a.add(2.0);
  const Snapshot first = bench.freeze(0);
  CHECK(first.defined.size() == 2);
  REQUIRE(first.rows.size() == 1);
  CHECK(first.rows[0].id == a.id());
  CHECK(first.rows[0].sink.sum() == 3);

  b.add(250ms);
  const Snapshot second = bench.freeze(1);
  CHECK(second.second == 1);
  CHECK(second.defined.empty());
  REQUIRE(second.rows.size() == 1);
  CHECK(second.rows[0].sink.histogram().quantile(0.5) == 250);

  CHECK(bench.freeze(2).rows.empty());
}

TEST_CASE("recycled memory holds nothing of the second before") {
  Bench bench;
  Series& duration = bench.recorder.series(MetricId::http_req_duration, TagSetId::none);
  for (int second = 0; second < 20; ++second) {
    const int values = second % 5 == 0 ? 2 : 500;  // Quiet and busy seconds take other ways.
    for (int i = 1; i <= values; ++i) duration.add(static_cast<double>(i));
    Snapshot snapshot = bench.freeze(second);
    REQUIRE(snapshot.rows.size() == 1);
    CHECK(snapshot.rows[0].sink.count() == static_cast<std::uint64_t>(values));
    CHECK(snapshot.rows[0].sink.moments().max() == values);
    rinse(snapshot);
    bench.recorder.recycle(std::move(snapshot));
  }
}

TEST_CASE("values that are no numbers are counted as refused and left out") {
  for (const SampleTap tap : {SampleTap::off, SampleTap::on}) {
    Bench bench({.tap = tap, .limits = {}});
    Series& trend = bench.recorder.series(MetricId::response_time, TagSetId::none);
    Series& counter = bench.recorder.series(MetricId::http_reqs, TagSetId::none);
    trend.add(std::nan(""));
    counter.add(INFINITY);
    trend.add(1.0);
    const Snapshot snapshot = bench.freeze(0);
    CHECK(snapshot.values_refused == 2);
    REQUIRE(snapshot.rows.size() == 1);
    CHECK(snapshot.rows[0].sink.count() == 1);
    CHECK(snapshot.samples.size() == (tap == SampleTap::on ? 1 : 0));
    CHECK(bench.totals.values_refused() == 2);
  }
}

TEST_CASE("beyond the limit series share one that says so, and nothing is lost") {
  Bench bench({.tap = SampleTap::off, .limits = {.series_max = 3}});
  for (int i = 0; i < 10; ++i)
    bench.recorder.series(MetricId::http_reqs, bench.tags(std::to_string(i))).add(1.0);
  const Snapshot snapshot = bench.freeze(0);
  CHECK(bench.total("http_reqs") == 10);
  CHECK(bench.totals.select({"http_reqs", {{"overflow", "true"}}})->sum() == 7);
  CHECK(snapshot.series_overflowed == 7);
  CHECK(bench.totals.series_overflowed() == 7);
  bench.freeze(1);
  CHECK(bench.totals.series_overflowed() == 7);
}

TEST_CASE("the tap keeps every sample with its stamp, up to its limit") {
  Bench bench({.tap = SampleTap::on, .limits = {.tapped_samples_max = 3}});
  Series& reqs = bench.recorder.series(MetricId::http_reqs, TagSetId::none);
  for (std::uint32_t vu = 1; vu <= 5; ++vu) {
    bench.recorder.stamp({.at = {1'000 + vu}, .vu = vu, .iteration = 9});
    reqs.add(static_cast<double>(vu));
  }
  const Snapshot snapshot = bench.freeze(0);
  REQUIRE(snapshot.samples.size() == 3);
  CHECK(snapshot.samples_missed == 2);
  CHECK(snapshot.samples[1].stamp.vu == 2);
  CHECK(snapshot.samples[1].stamp.at.unix_ns == 1'002);
  CHECK(snapshot.samples[1].value == 2);
  CHECK(bench.totals.samples_missed() == 2);
  CHECK(bench.total("http_reqs") == 15);
  reqs.add(6.0);
  CHECK(bench.freeze(1).samples.size() == 1);
}

TEST_CASE("a snapshot survives the wire, and its damaged bytes are malformed") {
  Bench bench({.tap = SampleTap::on, .limits = {}});
  bench.recorder.series(MetricId::http_reqs, bench.tags("/a b{}:,")).add(1.0);
  bench.recorder.series(MetricId::http_req_failed, TagSetId::none).add(0.0);
  bench.recorder.series(MetricId::vus, TagSetId::none).add(50.0);
  bench.recorder.stamp({.at = {1'700'000'000'000'000'000}, .vu = 3, .iteration = 4});
  bench.recorder.series(MetricId::http_req_duration, bench.tags("/a")).add(12.5);
  const Snapshot sent = bench.freeze(7);
  const std::string bytes = encode_snapshot(sent);
  const auto received = decode_snapshot(as_bytes(bytes));
  REQUIRE(received);
  CHECK(encode_snapshot(*received) == bytes);
  CHECK(received->second == 7);
  CHECK(received->defined[0].tags == sent.defined[0].tags);
  CHECK(received->defined[0].metric == sent.defined[0].metric);
  CHECK(received->rows.back().sink == sent.rows.back().sink);
  CHECK(received->samples.back().stamp.at.unix_ns == 1'700'000'000'000'000'000);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto cut = decode_snapshot(as_bytes(std::string_view(bytes).substr(0, size)));
    REQUIRE_FALSE(cut);
    CHECK(cut.error().code == ErrorCode::malformed);
  }
}

TEST_CASE("a quiet series costs at most 4 KiB in all") {
  Bench bench;
  std::vector<Series*> series;
  for (int i = 0; i < 100; ++i)
    series.push_back(
        &bench.recorder.series(MetricId::response_time, bench.tags(std::to_string(i))));
  for (int second = 0; second < 5; ++second) {
    for (Series* one : series) one->add(1.5 + second * 40);
    Snapshot snapshot = bench.freeze(second);
    rinse(snapshot);
    bench.recorder.recycle(std::move(snapshot));
  }
  CHECK(bench.recorder.memory_bytes() / 100 <= 4096);
}

}  // namespace brunt
