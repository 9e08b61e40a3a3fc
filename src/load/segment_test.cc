#include "load/segment.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <tuple>

namespace brunt {
namespace {

// The segments between these bounds, and some of them split among threads.
std::vector<Segment> segments(const std::vector<std::string>& bounds) {
  std::string sequence;
  for (const auto& bound : bounds) sequence += (sequence.empty() ? "" : ",") + bound;
  std::vector<Segment> all;
  for (std::size_t i = 1; i < bounds.size(); ++i) {
    const std::string text = bounds[i - 1] + ":" + bounds[i];
    const Segment segment = Segment::parse(text, sequence).value();
    const std::uint64_t threads = i % 3 + 1;  // Every process may have another number of threads.
    for (std::uint64_t thread = 0; thread < threads; ++thread)
      all.push_back(segment.part(thread, threads));
  }
  return all;
}

const std::vector<std::vector<std::string>> divisions = {
    {"0", "1"},
    {"0", "1/2", "1"},
    {"0", "1/3", "2/3", "1"},
    {"0", "10%", "33.4%", "0.7", "1"},
    {"0", "1/7", "2/5", "3/4", "99/100", "1"},
    {"0", "1/100", "2/100", "1"},
};

}  // namespace

TEST_CASE("shares of any total sum up to it, and rise in exactly one segment") {
  for (const auto& division : divisions) {
    const auto all = segments(division);
    std::vector<std::uint64_t> before(all.size(), 0);
    for (std::uint64_t total = 0; total < 1000; ++total) {
      std::uint64_t sum = 0, risen = 0;
      for (std::size_t i = 0; i < all.size(); ++i) {
        const std::uint64_t share = all[i].share(total);
        CHECK(share >= before[i]);
        risen += share - before[i];
        sum += share;
        before[i] = share;
      }
      CHECK(sum == total);
      CHECK(risen == (total == 0 ? 0 : 1));
    }
  }
}

TEST_CASE("each number belongs to exactly one segment, and nth agrees with share") {
  for (const auto& division : divisions) {
    std::set<std::uint64_t> numbers;
    std::uint64_t count = 0;
    for (const Segment& segment : segments(division)) {
      REQUIRE(segment.owns_any());
      const std::uint64_t ours = segment.share(5000);
      for (std::uint64_t i = 0; i < ours; ++i) {
        const std::uint64_t number = segment.nth(i);
        CHECK(segment.share(number) == i);
        CHECK(segment.share(number + 1) == i + 1);
        numbers.insert(number);
        ++count;
      }
    }
    CHECK(count == 5000);
    CHECK(numbers.size() == 5000);
    CHECK(*numbers.rbegin() == 4999);
  }
}

TEST_CASE("a segment is written as fractions, percents, decimals, or one value from 0") {
  for (const char* text : {"1/4:2/4", "25%:50%", "0.25:0.5", " 1/4 : 50% "})
    CHECK(Segment::parse(text, "0,1/4,1/2,1").value().share(100) == 25);
  CHECK(Segment::parse("20%").value().share(100) == 20);
  CHECK(Segment::parse("2/3").value().share(9) == 6);
  CHECK(Segment::parse("12.5%:25%").value().share(16) == 2);
  CHECK(Segment::parse("").value().is_whole());
  CHECK(Segment::parse("0:1").value().is_whole());
  CHECK(Segment::parse("0:1").value().nth(17) == 17);
  CHECK(Segment::parse("1/4:2/4", "0,1/4,1/2,1").value().fraction() == doctest::Approx(0.25));
}

TEST_CASE("a segment that cannot be is refused with what was expected") {
  const std::tuple<const char*, const char*, const char*> rows[] = {
      {"1/2:1/4", "", "empty"},
      {"0:0", "", "empty"},
      {"x", "", "1/4, 25% or 0.25"},
      {"1/0", "", "1/4, 25% or 0.25"},
      {"-1/2", "", "1/4, 25% or 0.25"},
      {"0.1234567", "", "1/4, 25% or 0.25"},
      {"3/2", "", "more than the whole"},
      {"101%", "", "more than the whole"},
      {"1/4:2/4", "0,1/2,1", "not one of the sequence"},
      {"0:1/2", "0,1/2,1/2,1", "does not ascend"},
      {"1/999983:1/2", "0,1/999983,1/2,1", "common denominator"},
      {"", "0,1", "not which of its segments"},
  };
  for (const auto& [text, sequence, expected] : rows) {
    CAPTURE(text);
    const auto segment = Segment::parse(text, sequence);
    REQUIRE(!segment);
    CHECK(segment.error().code == ErrorCode::invalid);
    CHECK(segment.error().text.find(expected) != std::string::npos);
  }
}

TEST_CASE("work goes in proportion to VUs, and none to a segment without one") {
  for (const auto& division : divisions) {
    for (const std::uint64_t vus : {1U, 2U, 3U, 7U, 10U, 64U, 1001U}) {
      std::uint64_t sum = 0;
      for (const Segment& segment : segments(division)) {
        const std::uint64_t share = segment.in_proportion_to(vus).share(100'000);
        const std::uint64_t own = segment.share(vus);
        sum += share;
        CHECK((share == 0) == (own == 0));
        const double wanted = 100'000.0 * static_cast<double>(own) / static_cast<double>(vus);
        CHECK(std::abs(static_cast<double>(share) - wanted) <= 2);
      }
      CHECK(sum == 100'000);
    }
  }
}

}  // namespace brunt
