#include "metrics/histogram.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "base/prng.h"

namespace brunt {
namespace {

constexpr double relative_error = 1.0 / 1024;

Histogram of(const std::vector<double>& values) {
  Histogram histogram;
  for (const double value : values) REQUIRE(histogram.record(value));
  return histogram;
}

// The count rule, on the values themselves.
double true_quantile(const std::vector<double>& sorted, double q) {
  const double rank = std::ceil(std::nextafter(q, 0.0) * static_cast<double>(sorted.size()));
  const auto index = static_cast<std::size_t>(std::max(1.0, rank)) - 1;
  return sorted[std::min(index, sorted.size() - 1)];
}

struct Shape {
  const char* name;
  double (*draw)(Prng&);
};
const Shape shapes[] = {
    {"latencies in milliseconds", [](Prng& prng) { return 0.3 + prng.exponential(12); }},
    {"nanoseconds", [](Prng& prng) { return std::floor(prng.exponential(4e8)); }},
    {"many octaves", [](Prng& prng) { return std::exp2(prng.uniform() * 200 - 100); }},
    {"both signs and zero", [](Prng& prng) { return std::floor(prng.uniform() * 9 - 4) * 0.37; }},
    {"negative", [](Prng& prng) { return -1 - prng.exponential(3); }},
    {"one value", [](Prng&) { return 41.2; }},
};

}  // namespace

TEST_CASE("quantiles agree with a sorted array within three digits") {
  for (const Shape& shape : shapes) {
    CAPTURE(shape.name);
    Prng prng(7);
    std::vector<double> values(20'000);
    for (double& value : values) value = shape.draw(prng);
    const Histogram histogram = of(values);
    std::ranges::sort(values);
    for (const double q : {0.0, 0.001, 0.1, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 0.9999, 1.0}) {
      CAPTURE(q);
      const double expected = true_quantile(values, q);
      CHECK(std::abs(histogram.quantile(q) - expected) <= relative_error * std::abs(expected));
      // The highest equivalent value: a latency is never understated.
      CHECK(histogram.quantile(q) >= expected);
    }
    double sum = 0;
    for (const double value : values) sum += value;
    CHECK(histogram.count() == values.size());
    CHECK(histogram.min() == values.front());
    CHECK(histogram.max() == values.back());
    CHECK(histogram.sum() == doctest::Approx(sum).epsilon(1e-12));
  }
}

TEST_CASE("the count rule of HdrHistogram") {
  struct Row {
    std::vector<double> values;
    double percentile;
    double expected;
  };
  const Row rows[] = {
      {{1, 2}, 50, 1},
      {{1, 2}, 50.0000000000001, 2},
      {{1, 2, 2, 2, 2}, 25, 2},
      {{1, 2, 2, 2, 2}, 30, 2},
      {{1, 2, 2, 2, 2}, 20, 1},
      {{7}, 0, 7},
      {{7}, 100, 7},
      {{}, 50, 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.percentile);
    CHECK(of(row.values).percentile(row.percentile) == row.expected);
  }
  std::vector<double> hundred;
  for (int i = 1; i <= 100; ++i) hundred.push_back(i);
  // 0.07 * 100 is 7.000000000000001 in doubles.
  CHECK(of(hundred).quantile(0.07) == 7);
}

TEST_CASE("whole numbers up to 2048 come back exactly, larger ones within a bucket") {
  CHECK(of({2047}).quantile(0.5) == 2047);
  CHECK(of({250, 250, 251}).quantile(0.5) == 250);
  CHECK(of({250.07, 251}).quantile(0.5) > 250.07);
  CHECK(of({250.07, 251}).quantile(0.5) < 250.07 * (1 + relative_error));
}

TEST_CASE("what is not finite is refused and leaves no trace") {
  Histogram histogram = of({1, 2});
  for (const double bad :
       {std::numeric_limits<double>::quiet_NaN(), -std::numeric_limits<double>::quiet_NaN(),
        std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()}) {
    CHECK_FALSE(histogram.record(bad));
    CHECK_FALSE(histogram.record_many(bad, 3));
  }
  CHECK(histogram == of({1, 2}));
}

TEST_CASE("the ends of the range have buckets, too") {
  const double least = std::numeric_limits<double>::denorm_min();
  const double most = std::numeric_limits<double>::max();
  const Histogram histogram = of({-most, -least, -0.0, 0.0, least, most});
  CHECK(histogram.count() == 6);
  CHECK(histogram.min() == -most);
  CHECK(histogram.max() == most);
  CHECK(histogram.quantile(0.6) == 0);
  CHECK(Histogram::decode(as_bytes(histogram.encode())).value() == histogram);
}

TEST_CASE("merging is as if all values had gone into one") {
  for (const Shape& shape : shapes) {
    CAPTURE(shape.name);
    Prng prng(11);
    Histogram whole, left, right;
    for (int i = 0; i < 5000; ++i) {
      const double value = shape.draw(prng);
      whole.record(value);
      (i % 3 == 0 ? left : right).record(value);
    }
    left.merge(right);
    left.merge(Histogram());
    CHECK(left.count() == whole.count());
    CHECK(left.sum() == doctest::Approx(whole.sum()));
    for (const double q : {0.0, 0.5, 0.99, 1.0}) CHECK(left.quantile(q) == whole.quantile(q));
  }
}

TEST_CASE("an encoded histogram decodes to an equal one, whatever its history") {
  for (const Shape& shape : shapes) {
    CAPTURE(shape.name);
    Prng prng(3);
    Histogram used;
    used.record(1e-9);
    used.clear();
    CHECK(used == Histogram());
    Histogram fresh;
    for (int i = 0; i < 3000; ++i) {
      const double value = shape.draw(prng);
      used.record(value);
      fresh.record(value);
    }
    CHECK(used.encode() == fresh.encode());
    const auto decoded = Histogram::decode(as_bytes(used.encode()));
    REQUIRE(decoded);
    CHECK(*decoded == used);
    CHECK(decoded->quantile(0.99) == used.quantile(0.99));
  }
  CHECK(Histogram().encode().size() == 2);
  CHECK(Histogram::decode(as_bytes(Histogram().encode())).value() == Histogram());
}

TEST_CASE("damaged bytes are malformed, never accepted silently and never a crash") {
  const std::string good = of({-2.5, 0, 1, 1, 3.25, 700}).encode();
  for (std::size_t size = 0; size < good.size(); ++size) {
    const auto cut = Histogram::decode(as_bytes(std::string_view(good).substr(0, size)));
    REQUIRE_FALSE(cut);
    CHECK(cut.error().code == ErrorCode::malformed);
  }
  CHECK_FALSE(Histogram::decode(as_bytes(good + "x")));
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string changed = good;
    changed[at] = static_cast<char>(changed[at] ^ 0x40);
    if (const auto decoded = Histogram::decode(as_bytes(changed)))
      CHECK(Histogram::decode(as_bytes(decoded->encode())).value() == *decoded);
  }
}

TEST_CASE("moments that do not fit the buckets are malformed") {
  // Version, flags, zeros, then sum, min and max of 8 bytes each.
  constexpr std::size_t min_at = 3 + 8, max_at = min_at + 8;
  struct Row {
    std::size_t at;
    double value;
  };
  const double infinity = std::numeric_limits<double>::infinity();
  for (const Row& row : {Row{min_at, 0.5}, Row{min_at, 1.5}, Row{min_at, -infinity},
                         Row{max_at, 3.0}, Row{max_at, std::nan("")}, Row{3, std::nan("")}}) {
    CAPTURE(row.at);
    CAPTURE(row.value);
    std::string bytes = of({1, 2}).encode();
    REQUIRE(Histogram::decode(as_bytes(bytes)));
    std::memcpy(&bytes[row.at], &row.value, sizeof row.value);
    CHECK_FALSE(Histogram::decode(as_bytes(bytes)));
  }
}

TEST_CASE("merging an exact histogram with another gives up exactness") {
  Histogram mixed = of({1, 1, 1});
  mixed.merge(of({250.07}));
  CHECK(mixed.quantile(0.99) == 250.07);
  CHECK(mixed.quantile(0.5) > 1);
  CHECK(mixed.quantile(0.5) < 1 + relative_error);
}

TEST_CASE("a quiet series costs at most 4 KiB") {
  Prng prng(5);
  Histogram histogram;
  for (int i = 0; i < 10; ++i) histogram.record(0.2 + prng.exponential(20));
  CHECK(histogram.memory_bytes() <= 4096);
  CHECK(Histogram().memory_bytes() < 256);
}

TEST_CASE(
    "correcting for coordinated omission gives the figures that HdrHistogram tests itself by") {
  constexpr double ms = 1000;  // The unit is the microsecond.
  Histogram raw;
  raw.record_many(1 * ms, 10'000);
  raw.record(100'000 * ms);
  const Histogram corrected = raw.corrected_for(10 * ms).value();
  CHECK(raw.count() == 10'001);
  CHECK(corrected.count() == 20'000);
  const auto near = [](double value) { return doctest::Approx(value).epsilon(0.001); };
  struct Row {
    double percentile, raw, corrected;
  };
  for (const Row& row : {Row{50, 1, 1}, Row{75, 1, 50'000}, Row{90, 1, 80'000}, Row{99, 1, 98'000},
                         Row{99.999, 100'000, 100'000}}) {
    CAPTURE(row.percentile);
    CHECK(raw.percentile(row.percentile) == near(row.raw * ms));
    CHECK(corrected.percentile(row.percentile) == near(row.corrected * ms));
  }
  CHECK(raw.percentile(99.99) == near(1 * ms));
  CHECK(corrected.mean() == near((1000 + 50'000'000) / 2.0));
  CHECK(raw.count_at_most(5 * ms) == 10'000);
  CHECK(corrected.count_at_most(5 * ms) == 10'000);
  for (const double bad : {0.0, -1.0, 1e-3, std::nan("")}) CHECK_FALSE(raw.corrected_for(bad));
}

TEST_CASE("counts at most a value, over negative, zero and positive buckets") {
  const Histogram histogram = of({-8, -8, -1, 0, 0, 0, 1, 4, 1024});
  struct Row {
    double value;
    std::uint64_t count;
  };
  for (const Row& row : {Row{-9, 0}, Row{-8, 2}, Row{-1, 3}, Row{-0.5, 3}, Row{0, 6}, Row{0.5, 6},
                         Row{1, 7}, Row{4, 8}, Row{1e9, 9}}) {
    CAPTURE(row.value);
    CHECK(histogram.count_at_most(row.value) == row.count);
  }
}

TEST_CASE("buckets ascend, hold the values, and are at most a thousandth wide") {
  Prng prng(9);
  Histogram histogram;
  for (int i = 0; i < 1000; ++i) histogram.record(prng.uniform() * 20 - 5);
  double before = -1e300;
  std::uint64_t count = 0;
  for (const Histogram::Bucket& bucket : histogram.buckets()) {
    CHECK(bucket.low >= before);
    CHECK(bucket.high - bucket.low <=
          relative_error * std::max(std::abs(bucket.low), std::abs(bucket.high)));
    before = bucket.high;
    count += bucket.count;
  }
  CHECK(count == 1000);
}

}  // namespace brunt
