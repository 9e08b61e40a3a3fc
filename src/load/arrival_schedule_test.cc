#include "load/arrival_schedule.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

namespace brunt {
using namespace std::chrono_literals;
namespace {

ScenarioOptions constant(double rate, Duration unit, Duration duration) {
  ScenarioOptions options;
  options.executor = ExecutorKind::constant_arrival_rate;
  options.rate = rate;
  options.time_unit = unit;
  options.duration = duration;
  options.pre_allocated_vus = 1;
  return options;
}

ScenarioOptions ramping(double start_rate, std::vector<Stage> stages, Duration unit = 1s) {
  ScenarioOptions options;
  options.executor = ExecutorKind::ramping_arrival_rate;
  options.start_rate = start_rate;
  options.stages = std::move(stages);
  options.time_unit = unit;
  options.pre_allocated_vus = 1;
  return options;
}

std::vector<Duration> all_of(const ArrivalSchedule& schedule, const Segment& segment = {}) {
  std::vector<Duration> all;
  for (ArrivalCursor cursor(schedule, segment); cursor.current(); cursor.advance())
    all.push_back(cursor.current()->due);
  return all;
}

}  // namespace

TEST_CASE("at a constant rate iteration i is due at i times the gap, the first at 0") {
  const ArrivalSchedule schedule(constant(500, 1s, 8s));
  CHECK(schedule.planned() == 4000);
  CHECK(schedule.due(0) == 0s);
  CHECK(schedule.due(1) == 2ms);
  CHECK(schedule.due(3999) == 7998ms);
  CHECK(!schedule.due(4000));
}

TEST_CASE("a constant rate does not drift, whatever its unit") {
  const std::tuple<double, Duration, Duration, std::uint64_t, Duration> rows[] = {
      {3, 1s, 1h, 10'799, 3'599'666'666'666ns},
      {30, 1min, 1min, 29, 58s},
      {0.5, 1s, 10s, 4, 8s},
      {7, 1h, 24h, 167, 85'885'714'285'714ns},
      {1e6, 1s, 24h, 86'399'999'999, 24h - 1us},
      {10, 500ms, 1s, 19, 950ms},
  };
  for (const auto& [rate, unit, duration, last, due] : rows) {
    const ArrivalSchedule schedule(constant(rate, unit, duration));
    CAPTURE(rate);
    CHECK(schedule.planned() == last + 1);
    CHECK(schedule.due(last) == due);
    CHECK(!schedule.due(last + 1));
  }
}

TEST_CASE("on a ramp iteration i is due when the area under the rate reaches i plus 1") {
  // 0 to 10/s in 10 s: area t²/2.
  const ArrivalSchedule schedule(ramping(0, {{10s, 10}}));
  CHECK(schedule.planned() == 50);
  for (std::uint64_t i = 0; i < 50; ++i) {
    const double expected = std::sqrt(2.0 * static_cast<double>(i + 1));
    CHECK(seconds_of(*schedule.due(i)) == doctest::Approx(expected).epsilon(1e-9));
  }
  CHECK(schedule.due(49) == 10s);
  CHECK(!schedule.due(50));
}

TEST_CASE("the closed form agrees with the integral, stage by stage") {
  const ArrivalSchedule schedule(
      ramping(20, {{3s, 81}, {2s, 80}, {0s, 5}, {4s, 5}, {2s, 0}, {1s, 0}, {3s, 34}}));
  // The same by adding up the rate in steps of 10 µs.
  double area = 0;
  std::uint64_t next = 0;
  for (Duration at = 0s; at < schedule.duration(); at += 10us) {
    area += schedule.each_second_at(at + 5us) * 1e-5;
    while (area >= static_cast<double>(next + 1)) {
      REQUIRE(schedule.due(next));
      CHECK(std::abs(seconds_of(*schedule.due(next) - at)) < 1e-3);
      ++next;
    }
  }
  // 151.5 + 161 + 20 + 5 + 0 + 51
  CHECK(schedule.planned() == 388);
  CHECK(next == 388);
}

TEST_CASE("a flat ramping rate has its last start at the very end and its first after one gap") {
  const ArrivalSchedule schedule(ramping(10, {{3s, 10}}, 3s));
  CHECK(schedule.planned() == 10);
  CHECK(schedule.due(0) == 300ms);
  CHECK(schedule.due(9) == 3s);
}

TEST_CASE("whole areas made of thirds are not lost to rounding") {
  const ArrivalSchedule schedule(ramping(1, {{1s, 1}, {1s, 1}, {1s, 1}}, 3s));
  CHECK(schedule.planned() == 1);
  CHECK(schedule.due(0) == 3s);
}

TEST_CASE("instants never fall") {
  const ArrivalSchedule schedules[] = {
      ArrivalSchedule(constant(333, 1s, 10s)),
      ArrivalSchedule(ramping(5, {{5s, 100}, {5s, 3}, {0s, 500}, {2s, 0}}))};
  for (const auto& schedule : schedules) {
    Duration before = 0s;
    std::uint64_t count = 0;
    for (const Duration due : all_of(schedule)) {
      CHECK(due >= before);
      CHECK(due <= schedule.duration());
      CHECK(schedule.due(count) == due);
      before = due;
      ++count;
    }
    CHECK(count == schedule.planned());
  }
}

TEST_CASE("the arrivals of all segments, merged, are the whole schedule") {
  auto poisson = constant(200, 1s, 5s);
  poisson.arrivals = Arrivals::poisson;
  const ArrivalSchedule schedules[] = {ArrivalSchedule(constant(123, 1s, 10s)),
                                       ArrivalSchedule(ramping(5, {{5s, 100}, {5s, 3}})),
                                       ArrivalSchedule(poisson)};
  const std::pair<const char*, const char*> parts[] = {
      {"0:1/4", "0,1/4,2/3,1"}, {"1/4:2/3", "0,1/4,2/3,1"}, {"2/3:1", "0,1/4,2/3,1"}};
  for (const auto& schedule : schedules) {
    const auto whole = all_of(schedule);
    std::map<std::uint64_t, Duration> merged;
    for (const auto& [text, sequence] : parts) {
      const Segment segment = Segment::parse(text, sequence).value();
      std::uint64_t in_segment = 0;
      for (ArrivalCursor cursor(schedule, segment); cursor.current(); cursor.advance()) {
        CHECK(cursor.current()->index_in_segment == in_segment++);
        CHECK(merged.emplace(cursor.current()->index, cursor.current()->due).second);
      }
    }
    REQUIRE(merged.size() == whole.size());
    for (const auto& [index, due] : merged) CHECK(due == whole[index]);
  }
}

TEST_CASE("poisson arrivals have the intensity of the rate, and gaps that scatter as they should") {
  auto options = constant(1000, 1s, 100s);
  options.arrivals = Arrivals::poisson;
  options.arrivals_seed = 7;
  const auto all = all_of(ArrivalSchedule(options));
  CHECK(std::abs(static_cast<double>(all.size()) - 100'000) < 5 * std::sqrt(100'000.0));
  // The variance of the counts of 1 s is the mean; evenly spaced arrivals would have none.
  std::vector<double> counts(100, 0);
  for (const Duration due : all) counts[static_cast<std::size_t>(due / 1s)] += 1;
  double squares = 0;
  for (const double count : counts) squares += (count - 1000) * (count - 1000) / 100;
  CHECK(squares > 600);
  CHECK(squares < 1500);
}

TEST_CASE("a poisson ramp follows the ramp, and one seed gives one run") {
  auto options = ramping(0, {{100s, 2000}});
  options.arrivals = Arrivals::poisson;
  const ArrivalSchedule schedule(options);
  const auto all = all_of(schedule);
  CHECK(all == all_of(schedule));
  // A quarter of the area lies in the first half of the time.
  const auto half = std::count_if(all.begin(), all.end(), [](Duration due) { return due < 50s; });
  CHECK(static_cast<double>(half) / 25'000 == doctest::Approx(1).epsilon(0.04));
  options.arrivals_seed = 2;
  CHECK(all != all_of(ArrivalSchedule(options)));
}

TEST_CASE("a copied cursor goes on by itself with the same arrivals") {
  auto options = constant(100, 1s, 2s);
  options.arrivals = Arrivals::poisson;
  const ArrivalSchedule schedule(options);
  const Segment whole;
  ArrivalCursor first(schedule, whole);
  for (int i = 0; i < 50; ++i) first.advance();
  ArrivalCursor second = first;
  for (int i = 0; i < 50; ++i) first.advance();
  for (int i = 0; i < 50; ++i) second.advance();
  CHECK(first.current()->due == second.current()->due);
}

}  // namespace brunt
