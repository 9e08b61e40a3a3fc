#include "stats/block_bootstrap.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/prng.h"
#include "stats/autocorrelation.h"

namespace brunt {
namespace {

// A run whose seconds share a slowness with a memory: level(t) = memory * level(t-1) + chance.
// Given the level, latencies are exponential; values are rounded as a histogram's buckets are.
std::vector<CountedSecond> run_of(std::size_t seconds, double memory, std::uint64_t seed) {
  Prng prng(seed);
  std::vector<CountedSecond> run;
  double level = 0;
  for (std::size_t s = 0; s < seconds; ++s) {
    level = memory * level + std::sqrt(1 - memory * memory) * (prng.uniform() * 2 - 1);
    std::map<double, std::uint64_t> counts;
    for (int i = 0; i < 50; ++i)
      ++counts[std::exp2(std::ceil(std::log2(prng.exponential(10 * (1 + 0.5 * level))) * 64) / 64)];
    CountedSecond& second = run.emplace_back();
    for (const auto& [value, count] : counts) second.push_back({value, count});
  }
  return run;
}

}  // namespace

TEST_CASE("one seed gives one interval, around the estimate") {
  const auto run = run_of(120, 0, 1);
  const BlockBootstrapOptions options{.quantile = .95, .seed = 7};
  const auto first = percentile_interval(run, options);
  const auto second = percentile_interval(run, options);
  REQUIRE(first);
  CHECK(first->low == second->low);
  CHECK(first->high == second->high);
  CHECK(first->low < first->estimate);
  CHECK(first->high > first->estimate);
  CHECK(first->blocks >= blocks_min);
}

TEST_CASE("intervals cover the true percentile about as often as they say") {
  // The truth from a very long run of the same process.
  struct Row {
    double memory;
    std::size_t seconds;
    int covered_min;  // Of 40. Nominal 38; blocks of a short correlated run know less than it all.
  };
  for (const Row& row : {Row{0.0, 120, 34}, Row{0.6, 400, 32}}) {
    CAPTURE(row.memory);
    const auto truth =
        percentile_interval(run_of(6000, row.memory, 99), {.quantile = .9, .resamples = 100});
    REQUIRE(truth);
    int covered = 0;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
      const auto interval = percentile_interval(run_of(row.seconds, row.memory, seed),
                                                {.quantile = .9, .resamples = 300, .seed = seed});
      REQUIRE(interval);
      if (interval->low <= truth->estimate && truth->estimate <= interval->high) ++covered;
    }
    CAPTURE(covered);
    CHECK(covered >= row.covered_min);
  }
}

TEST_CASE("seconds that hang together make longer blocks and wider intervals") {
  const auto loose = percentile_interval(run_of(600, 0, 3), {.quantile = .9});
  const auto tied = percentile_interval(run_of(600, .8, 3), {.quantile = .9});
  REQUIRE(loose);
  REQUIRE(tied);
  CHECK(loose->block_seconds <= 2);
  CHECK(tied->block_seconds >= 4);
  CHECK(tied->high - tied->low > 1.5 * (loose->high - loose->low));
}

TEST_CASE("what has no interval says why") {
  struct Row {
    const char* name;
    std::vector<CountedSecond> seconds;
    BlockBootstrapOptions options;
    const char* text;
  };
  std::vector<CountedSecond> halves(60, CountedSecond{{1, 10}});
  for (std::size_t s = 30; s < 60; ++s) halves[s] = {{100, 10}};
  const Row rows[] = {
      {"29 seconds", std::vector<CountedSecond>(29, {{1, 10}}), {}, "29 seconds are too few"},
      {"nothing", std::vector<CountedSecond>(60), {}, "nothing was measured"},
      {"no seconds", {}, {}, "nothing was measured"},
      {"two halves", halves, {.quantile = .5}, "run longer"},
      {"quantile 1", halves, {.quantile = 1}, "between 0 and 1"},
      {"few resamples", halves, {.quantile = .5, .resamples = 1}, "at least 100"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const auto interval = percentile_interval(row.seconds, row.options);
    REQUIRE_FALSE(interval);
    CHECK(interval.error().code == ErrorCode::invalid);
    CHECK(interval.error().text.find(row.text) != std::string::npos);
  }
}

TEST_CASE("empty seconds and equal values are no trouble") {
  std::vector<CountedSecond> seconds(40, CountedSecond{{5, 3}});
  for (std::size_t s = 0; s < 40; s += 3) seconds[s].clear();
  const auto interval = percentile_interval(seconds, {.quantile = .99});
  REQUIRE(interval);
  CHECK(interval->low == 5);
  CHECK(interval->high == 5);
}

TEST_CASE("autocorrelation of known series") {
  const std::vector<double> alternating = {1, -1, 1, -1, 1, -1, 1, -1};
  const auto r = autocorrelation(alternating, 2);
  CHECK(r[0] == 1);
  CHECK(r[1] == doctest::Approx(-7.0 / 8));
  CHECK(r[2] == doctest::Approx(6.0 / 8));
  const std::vector<double> constant(50, 0.1);
  CHECK(autocorrelation(constant, 1)[1] == 0);
  CHECK(decorrelation_lag(constant, 5) == 1);
  std::vector<double> ramp(100);
  for (std::size_t i = 0; i < ramp.size(); ++i) ramp[i] = static_cast<double>(i);
  CHECK_FALSE(decorrelation_lag(ramp, 5));
}

}  // namespace brunt
