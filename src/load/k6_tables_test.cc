// The numbers that k6's own tests ask of its executors and segments, asked of ours: a plan that is
// shared out among instances, or moved here from k6, starts the same iterations at the same
// instants.
#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <string>

#include "load/arrival_schedule.h"
#include "load/vu_schedule.h"

namespace brunt {
using namespace std::chrono_literals;
namespace {

using Change = VuSchedule::Change;

struct Place {
  const char* segment;
  const char* sequence;
  Segment parsed() const { return Segment::parse(segment, sequence).value(); }
};

// Seconds and VUs.
std::vector<std::pair<double, std::uint64_t>> steps(const VuSchedule& schedule,
                                                    const Place& place) {
  const Segment segment = place.parsed();
  std::vector<std::pair<double, std::uint64_t>> all{{0, schedule.vus_at(0s, segment)}};
  for (auto at = schedule.next_change(0s, segment); at; at = schedule.next_change(at->at, segment))
    all.emplace_back(seconds_of(at->at), at->vus);
  return all;
}

std::vector<double> due_ms(const ScenarioOptions& options, const Segment& segment) {
  const ArrivalSchedule schedule(options);
  std::vector<double> all;
  for (ArrivalCursor cursor(schedule, segment); cursor.current(); cursor.advance())
    all.push_back(seconds_of(cursor.current()->due) * 1000);
  return all;
}

std::vector<std::uint64_t> numbers(const ScenarioOptions& options, const Segment& segment) {
  const ArrivalSchedule schedule(options);
  std::vector<std::uint64_t> all;
  for (ArrivalCursor cursor(schedule, segment); cursor.current(); cursor.advance())
    all.push_back(cursor.current()->index);
  return all;
}

}  // namespace

TEST_CASE("a segment has the stripes that it has in k6") {
  const char* sevenths = "0,0.3,0.5,0.6,0.7,0.8,0.9,1";
  const char* other = "0,0.2,0.5,0.6,0.7,0.8,0.9,1";
  const struct {
    Place place;
    std::uint64_t start;
    std::vector<std::uint64_t> offsets;
  } rows[] = {
      {{"0:0.3", sevenths}, 0, {4, 3, 3}},
      {{"0.3:0.5", sevenths}, 1, {4, 6}},
      {{"0.5:0.6", sevenths}, 2, {10}},
      {{"0.6:0.7", sevenths}, 3, {10}},
      {{"0.8:0.9", sevenths}, 8, {10}},
      {{"0.9:1", sevenths}, 9, {10}},
      {{"0.9:1", other}, 9, {10}},
      {{"0:0.2", other}, 1, {4, 6}},
      {{"0.6:0.7", other}, 3, {10}},
      {{"0:0.2", "0,0.2,0.5"}, 3, {6, 4}},
      {{"0.2:0.5", "0,0.2,0.5"}, 1, {4, 2, 4}},
      {{"0:2/5", "0,2/5,4/5"}, 0, {3, 2}},
      {{"2/5:4/5", "0,2/5,4/5"}, 1, {3, 2}},
      {{"0:0.2", ""}, 1, {5}},
      {{"0:1/5", ""}, 1, {5}},
      {{"0:2/10", ""}, 1, {5}},
      {{"0:0.4", ""}, 1, {2, 3}},
      {{"0:2/5", ""}, 1, {2, 3}},
      {{"2/5:4/5", ""}, 1, {3, 2}},
      {{"0:4/10", ""}, 1, {2, 3}},
      {{"1/10:5/10", ""}, 1, {2, 2, 4, 2}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.place.segment);
    CAPTURE(row.place.sequence);
    const Segment segment = row.place.parsed();
    std::uint64_t number = row.start;
    for (std::uint64_t item = 0; item < 3 * row.offsets.size(); ++item) {
      CHECK(segment.nth(item) == number);
      number += row.offsets[item % row.offsets.size()];
    }
  }
}

TEST_CASE("a segment has the share that it has in k6, also of what goes with VUs") {
  const char* thirds = "0,1/3,2/3,1";
  const struct {
    Place place;
    std::map<std::uint64_t, std::uint64_t> shares;
    std::map<std::uint64_t, std::uint64_t> of_fifty_by_vus;
  } rows[] = {
      {{"", ""}, {{50, 50}, {1, 1}, {0, 0}}, {{50, 50}, {1, 50}}},
      {{"0:1", "0,1"}, {{50, 50}, {1, 1}, {0, 0}}, {{50, 50}, {1, 50}}},
      {{"0:1/3", thirds},
       {{50, 17}, {3, 1}, {2, 1}, {1, 1}, {0, 0}},
       {{50, 17}, {20, 18}, {3, 17}, {2, 25}, {1, 50}}},
      {{"1/3:2/3", thirds},
       {{50, 17}, {3, 1}, {2, 1}, {1, 0}, {0, 0}},
       {{50, 17}, {20, 17}, {3, 17}, {2, 25}, {1, 0}}},
      {{"2/3:1", thirds},
       {{50, 16}, {3, 1}, {2, 0}, {1, 0}, {0, 0}},
       {{50, 16}, {20, 15}, {3, 16}, {2, 0}, {1, 0}}},
      {{"0:1/4", "0,1/4,1/2,3/4,1"}, {{1, 1}, {100, 25}, {4000, 1000}}, {}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.place.segment);
    const Segment segment = row.place.parsed();
    for (const auto& [total, share] : row.shares) CHECK(segment.share(total) == share);
    for (const auto& [vus, share] : row.of_fifty_by_vus) {
      CAPTURE(vus);
      CHECK(segment.in_proportion_to(vus).share(50) == share);
    }
  }
  // 22 iterations of 12 VUs; and a segment that has no VU of two has no work.
  CHECK(Place{"0:1/3", thirds}.parsed().in_proportion_to(12).share(22) == 8);
  CHECK(Place{"1/3:2/3", thirds}.parsed().in_proportion_to(12).share(22) == 7);
  CHECK_FALSE(Place{"1/5:2/5", "0,1/5,2/5,1"}.parsed().in_proportion_to(2).owns_any());
}

TEST_CASE("ramping VUs come and go when they do in k6, whole and in segments") {
  const std::vector<Stage> stages = {{2s, 6}, {5s, 1}, {4s, 5}, {4s, 1}, {3s, 4}, {2s, 4}, {0s, 1},
                                     {3s, 1}, {0s, 5}, {3s, 5}, {0s, 0}, {2s, 2}, {2s, 0}, {4s, 4}};
  using Steps = std::vector<std::pair<double, std::uint64_t>>;
  const Steps third = {{0, 1},  {1, 2},  {4, 1},  {7, 0},  {8, 1},  {11, 2}, {12, 1}, {15, 0},
                       {16, 1}, {20, 0}, {23, 2}, {26, 0}, {28, 1}, {29, 0}, {32, 1}};
  const char* thirds = "0,1/3,2/3,1";
  const std::pair<Place, Steps> rows[] = {
      {{"", ""},
       {{0, 4},  {1, 5},  {2, 6},  {3, 5},  {4, 4},  {5, 3},  {6, 2},  {7, 1},  {8, 2},  {9, 3},
        {10, 4}, {11, 5}, {12, 4}, {13, 3}, {14, 2}, {15, 1}, {16, 2}, {17, 3}, {18, 4}, {20, 1},
        {23, 5}, {26, 0}, {27, 1}, {28, 2}, {29, 1}, {30, 0}, {31, 1}, {32, 2}, {33, 3}, {34, 4}}},
      {{"0:1/3", ""}, third},
      {{"0:1/3", "0,1/3,1"}, third},
      {{"1/3:2/3", ""}, third},
      {{"2/3:1", ""}, third},
      {{"0:1/3", thirds},
       {{0, 2},
        {5, 1},
        {10, 2},
        {13, 1},
        {18, 2},
        {20, 1},
        {23, 2},
        {26, 0},
        {27, 1},
        {30, 0},
        {31, 1},
        {34, 2}}},
      {{"1/3:2/3", thirds}, third},
      {{"2/3:1", thirds},
       {{0, 1},
        {2, 2},
        {3, 1},
        {6, 0},
        {9, 1},
        {14, 0},
        {17, 1},
        {20, 0},
        {23, 1},
        {26, 0},
        {33, 1}}},
  };
  const VuSchedule schedule = VuSchedule::ramping(4, stages);
  for (const auto& [place, expected] : rows) {
    CAPTURE(place.segment);
    CAPTURE(place.sequence);
    CHECK(steps(schedule, place) == expected);
  }
}

TEST_CASE("corner cases of ramping VUs are those of k6") {
  const std::vector<Stage> two_hills = {{2s, 2}, {2s, 0}, {2s, 2}, {2s, 0}};
  const struct {
    const char* name;
    Place place;
    std::uint64_t start;
    std::vector<Stage> stages;
    std::vector<std::pair<double, std::uint64_t>> expected;
  } rows[] = {
      // k6 lists the two VUs before the jump as well, at the same instant.
      {"up then down", {"", ""}, 2, {{0s, 5}, {2s, 3}}, {{0, 5}, {1, 4}, {2, 3}}},
      {"up and up", {"", ""}, 3, {{2s, 5}}, {{0, 3}, {1, 4}, {2, 5}}},
      {"two hills",
       {"", ""},
       0,
       two_hills,
       {{0, 0}, {1, 1}, {2, 2}, {3, 1}, {4, 0}, {5, 1}, {6, 2}, {7, 1}, {8, 0}}},
      {"one half", {"0:1/2", ""}, 0, two_hills, {{0, 0}, {1, 1}, {4, 0}, {5, 1}, {8, 0}}},
      {"other half", {"1/2:1", ""}, 0, two_hills, {{0, 0}, {2, 1}, {3, 0}, {6, 1}, {7, 0}}},
      {"nothing", {"2/3:1", "0,1/3,2/3,1"}, 0, two_hills, {{0, 0}}},
      {"uneven",
       {"0:1/3", "0,1/3,1/2,2/3,1"},
       0,
       two_hills,
       {{0, 0}, {1, 1}, {4, 0}, {5, 1}, {8, 0}}},
      {"tenths",
       {"0:0.3", "0,0.3,0.6,0.9,1"},
       0,
       {{20s, 20}, {30s, 30}},
       {{0, 0}, {1, 1}, {5, 2}, {8, 3}, {11, 4}, {15, 5}, {18, 6}, {23, 7}, {35, 8}, {44, 9}}},
      {"a mountain",
       {"", ""},
       0,
       {{5s, 5}, {5s, 0}},
       {{0, 0}, {1, 1}, {2, 2}, {3, 3}, {4, 4}, {5, 5}, {6, 4}, {7, 3}, {8, 2}, {9, 1}, {10, 0}}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    CHECK(steps(VuSchedule::ramping(row.start, row.stages), row.place) == row.expected);
  }
}

TEST_CASE("a ramping rate starts iterations when k6 does") {
  const char* thirds = "0,1/3,2/3,1";
  const std::vector<double> second = {4472, 7837};
  const struct {
    Place place;
    Duration unit;
    std::vector<double> expected_ms;
  } rows[] = {
      {{"", ""}, 1s, {3162, 4472, 5500, 6527, 7837, 11'000}},
      {{"0:1/3", ""}, 1s, second},
      {{"0:1/3", "0,1/3,1"}, 1s, second},
      {{"1/3:2/3", ""}, 1s, second},
      {{"2/3:1", ""}, 1s, second},
      {{"0:1/3", thirds}, 1s, {3162, 6527}},
      {{"1/3:2/3", thirds}, 1s, second},
      {{"2/3:1", thirds}, 1s, {5500, 11'000}},
      {{"", ""},
       333'333'333ns,
       {1825, 2581, 3162, 3651, 4082, 4472, 4830, 5166, 5499, 5833, 6169, 6527, 6917, 7348, 7837,
        8418, 9174, 10'999}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.place.segment);
    CAPTURE(row.place.sequence);
    const ScenarioOptions options{.executor = ExecutorKind::ramping_arrival_rate,
                                  .stages = {{5s, 1}, {1s, 1}, {5s, 0}},
                                  .time_unit = row.unit};
    const std::vector<double> due = due_ms(options, row.place.parsed());
    REQUIRE(due.size() == row.expected_ms.size());
    for (std::size_t i = 0; i < due.size(); ++i)
      CHECK(std::abs(due[i] - row.expected_ms[i]) <= row.expected_ms[i] / 1000);
  }
}

TEST_CASE("a constant rate starts iterations when k6 does, in each segment") {
  const char* thirds = "0,1/3,2/3,1";
  const struct {
    Place place;
    double start_ms;
    std::vector<double> gaps_ms;
  } rows[] = {
      {{"0:1/3", ""}, 20, {40, 60, 60, 60, 60, 60, 60}},
      {{"1/3:2/3", ""}, 20, {60, 60, 60, 60, 60, 60, 40}},
      {{"2/3:1", ""}, 20, {40, 60, 60, 60, 60, 60, 60}},
      {{"1/6:3/6", ""}, 20, {40, 80, 40, 80, 40, 80, 40}},
      {{"1/6:3/6", "1/6,3/6"}, 20, {40, 80, 40, 80, 40, 80, 40}},
      {{"0:1/3", thirds}, 0, {60, 60, 60, 60, 60, 60, 40}},
      {{"1/3:2/3", thirds}, 20, {60, 60, 60, 60, 60, 60, 40}},
      {{"2/3:1", thirds}, 40, {60, 60, 60, 60, 60, 100}},
  };
  const ScenarioOptions options{
      .executor = ExecutorKind::constant_arrival_rate, .duration = 2s, .rate = 50};
  for (const auto& row : rows) {
    CAPTURE(row.place.segment);
    CAPTURE(row.place.sequence);
    const std::vector<double> due = due_ms(options, row.place.parsed().in_proportion_to(20));
    double at = row.start_ms;
    REQUIRE(due.size() > row.gaps_ms.size());
    CHECK(due[0] == doctest::Approx(at));
    for (std::size_t i = 0; i < row.gaps_ms.size(); ++i)
      CHECK(due[i + 1] == doctest::Approx(at += row.gaps_ms[i]));
  }
}

TEST_CASE("arrivals have the numbers that they have in k6") {
  const char* quarters = "0,1/4,3/4,1";
  const ScenarioOptions constant{.executor = ExecutorKind::constant_arrival_rate,
                                 .duration = 1s,
                                 .rate = 20,
                                 .time_unit = 950ms};
  const ScenarioOptions ramping{.executor = ExecutorKind::ramping_arrival_rate,
                                .stages = {{1s, 20}, {1s, 0}},
                                .time_unit = 950ms};
  const std::vector<std::uint64_t> middle = {0, 2, 4, 5, 7, 9, 10, 12, 14, 15, 17, 19, 20};
  const std::vector<std::uint64_t> last = {3, 8, 13, 18};
  const Segment first_of_five = Place{"0:1/4", quarters}.parsed().in_proportion_to(5);
  const Segment middle_of_five = Place{"1/4:3/4", quarters}.parsed().in_proportion_to(5);
  const Segment last_of_five = Place{"3/4:1", quarters}.parsed().in_proportion_to(5);
  CHECK(numbers(constant, first_of_five) == std::vector<std::uint64_t>{1, 6, 11, 16, 21});
  CHECK(numbers(constant, middle_of_five) == middle);
  CHECK(numbers(constant, last_of_five) == last);
  CHECK(numbers(ramping, first_of_five) == std::vector<std::uint64_t>{1, 6, 11, 16});
  CHECK(numbers(ramping, middle_of_five) == middle);
  CHECK(numbers(ramping, last_of_five) == last);
}

}  // namespace brunt
