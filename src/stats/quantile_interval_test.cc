#include "stats/quantile_interval.h"

#include <doctest/doctest.h>

#include <numeric>
#include <vector>

namespace brunt {

TEST_CASE("ranks and coverage of published order statistics") {
  struct Row {
    std::uint64_t samples;
    double quantile;
    std::uint64_t low, high;
    double coverage;
  };
  const Row rows[] = {
      {6, .5, 1, 6, .96875},
      {10, .5, 2, 9, .97852},
      {100, .5, 40, 61, .96480},
      {100, .9, 84, 96, .95569},
      {1000, .99, 983, 997, .97609},
      {10'000, .99, 9880, 9920, .95575},
      {10'000, .999, 9983, 9997, .97546},
      {100'000, .999, 99'880, 99'920, .95479},
  };
  for (const Row& row : rows) {
    CAPTURE(row.samples);
    CAPTURE(row.quantile);
    const QuantileRanks ranks = quantile_ranks(row.samples, {.quantile = row.quantile});
    CHECK(ranks.low == row.low);
    CHECK(ranks.high == row.high);
    CHECK(ranks.coverage == doctest::Approx(row.coverage).epsilon(1e-5));
  }
}

TEST_CASE("the quantile 0-999 of a thousand samples has no upper bound") {
  const QuantileRanks ranks = quantile_ranks(1000, {.quantile = .999});
  CHECK(ranks.low == 997);
  CHECK(ranks.high == 1001);
}

TEST_CASE("the interval of the median of six samples is all of them") {
  const std::vector<double> samples = {-10, 2, 3, 4, 5, 6};
  const auto interval = quantile_interval(samples, {.quantile = .5});
  REQUIRE(interval);
  CHECK(interval->low == -10);
  CHECK(interval->estimate ==
        3);  // The count rule; benchstat's 3.5 is between the two middle ones.
  CHECK(interval->high == 6);
  CHECK(interval->coverage == doctest::Approx(.96875));
}

TEST_CASE("too few samples are an error that says how many would do") {
  struct Row {
    double quantile, confidence;
    std::uint64_t needed;
  };
  for (const Row& row :
       {Row{.5, .95, 6}, Row{.5, .99, 8}, Row{.99, .95, 299}, Row{.01, .95, 299}}) {
    CAPTURE(row.quantile);
    const QuantileIntervalOptions options{.quantile = row.quantile, .confidence = row.confidence};
    CHECK(samples_needed(options) == row.needed);
    std::vector<double> samples(row.needed);
    std::iota(samples.begin(), samples.end(), 1.0);
    const auto enough = quantile_interval(samples, options);
    REQUIRE(enough);
    CHECK(enough->coverage >= row.confidence);
    samples.pop_back();
    const auto few = quantile_interval(samples, options);
    REQUIRE_FALSE(few);
    CHECK(few.error().code == ErrorCode::invalid);
    CHECK(few.error().text.find("needs " + std::to_string(row.needed)) != std::string::npos);
  }
  CHECK_FALSE(quantile_interval({}, {}));
  const double one[] = {1};
  for (const double bad : {0.0, 1.0, -1.0, 2.0}) {
    CHECK_FALSE(quantile_interval(one, {.quantile = bad}));
    CHECK_FALSE(quantile_interval(one, {.quantile = .5, .confidence = bad}));
  }
}

}  // namespace brunt
