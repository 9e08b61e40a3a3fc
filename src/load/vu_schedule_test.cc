#include "load/vu_schedule.h"

#include <doctest/doctest.h>

#include <string>

namespace brunt {
using namespace std::chrono_literals;
namespace {

using Change = VuSchedule::Change;

std::vector<Change> changes(const VuSchedule& schedule, const Segment& segment = {}) {
  std::vector<Change> all{{0s, schedule.vus_at(0s, segment)}};
  while (const auto change = schedule.next_change(all.back().at, segment)) all.push_back(*change);
  return all;
}

const std::vector<Stage> mountain = {{2s, 6}, {5s, 1}, {0s, 4}, {2s, 4}, {0s, 1}, {1s, 3}};

}  // namespace

TEST_CASE("a VU starts and stops at the instant at which the line crosses its number") {
  const auto schedule = VuSchedule::ramping(4, mountain);
  const std::vector<Change> expected = {{0s, 4}, {1s, 5}, {2s, 6}, {3s, 5},     {4s, 4}, {5s, 3},
                                        {6s, 2}, {7s, 4}, {9s, 1}, {9500ms, 2}, {10s, 3}};
  CHECK(changes(schedule) == expected);
  CHECK(schedule.duration() == 10s);
  CHECK(schedule.peak() == 6);
  CHECK(schedule.vus_at(-1s) == 4);
  CHECK(schedule.vus_at(2500ms) == 6);
  CHECK(schedule.vus_at(99s) == 3);
}

TEST_CASE("a constant schedule never changes") {
  const auto schedule = VuSchedule::constant(7, 10s);
  CHECK(changes(schedule) == std::vector<Change>{{0s, 7}});
  CHECK(schedule.vus_at(9s) == 7);
  CHECK(schedule.duration() == 10s);
}

TEST_CASE("jumps at the beginning, at the end, and two in a row") {
  CHECK(changes(VuSchedule::ramping(3, std::vector<Stage>{{0s, 10}, {1s, 10}, {0s, 0}})) ==
        std::vector<Change>{{0s, 10}, {1s, 0}});
  CHECK(changes(VuSchedule::ramping(1, std::vector<Stage>{{1s, 1}, {0s, 9}, {0s, 2}, {1s, 2}})) ==
        std::vector<Change>{{0s, 1}, {1s, 2}});
  // Up to 10 by the end of the stage, at which a jump takes over.
  const auto peak = VuSchedule::ramping(9, std::vector<Stage>{{1s, 10}, {0s, 9}, {1s, 9}});
  CHECK(changes(peak) == std::vector<Change>{{0s, 9}});
}

TEST_CASE("instants that are no whole nanoseconds are rounded up, so that the count agrees") {
  const auto schedule = VuSchedule::ramping(0, std::vector<Stage>{{1s, 3}});
  const auto all = changes(schedule);
  CHECK(all == std::vector<Change>{{0s, 0}, {333'333'334ns, 1}, {666'666'667ns, 2}, {1s, 3}});
  for (const auto& change : all) CHECK(schedule.vus_at(change.at) == change.vus);
}

TEST_CASE("at every instant the segments sum up to the whole, and none ever wobbles") {
  const VuSchedule schedules[] = {
      VuSchedule::ramping(4, mountain),
      VuSchedule::ramping(0,
                          std::vector<Stage>{{7s, 100}, {3s, 100}, {11s, 13}, {0s, 50}, {1s, 0}}),
      VuSchedule::constant(17, 5s)};
  const char* sequences[] = {"0,1/2,1", "0,1/3,2/3,1", "0,10%,45%,1", "0,1/100,1"};
  for (const auto& schedule : schedules) {
    for (const std::string sequence : sequences) {
      std::vector<Segment> segments;
      std::string from = "0";
      for (std::size_t at = 2; at != std::string::npos + 1;) {
        const std::size_t comma = sequence.find(',', at);
        const std::string to = sequence.substr(at, comma - at);
        segments.push_back(Segment::parse(from + ":" + to, sequence).value());
        from = to;
        at = comma + 1;
      }
      for (Duration at = 0s; at <= schedule.duration() + 1s; at += 7ms) {
        std::uint64_t sum = 0;
        for (const Segment& segment : segments) sum += schedule.vus_at(at, segment);
        CHECK(sum == schedule.vus_at(at));
      }
      // Every change of the whole is a change of the segments, and no other instant is.
      std::size_t whole = changes(schedule).size() - 1, parts = 0;
      for (const Segment& segment : segments) {
        const auto own = changes(schedule, segment);
        for (const auto& change : own) CHECK(schedule.vus_at(change.at, segment) == change.vus);
        parts += own.size() - 1;
      }
      CHECK(parts >= whole);
    }
  }
}

TEST_CASE("a ramp of one stage rises and falls one by one in every segment") {
  const auto schedule = VuSchedule::ramping(0, std::vector<Stage>{{10s, 1000}, {10s, 0}});
  const Segment segment = Segment::parse("1/3:2/3", "0,1/3,2/3,1").value();
  const auto all = changes(schedule, segment);
  REQUIRE(all.size() == 667);
  for (std::size_t i = 1; i < all.size(); ++i) {
    const bool up = i <= 333;
    CHECK(all[i].vus == (up ? all[i - 1].vus + 1 : all[i - 1].vus - 1));
  }
}

TEST_CASE("the peak of a window includes its ends and what lies between") {
  const auto schedule = VuSchedule::ramping(4, mountain);
  CHECK(schedule.peak_between(0s, 1s) == 5);
  CHECK(schedule.peak_between(0s, 10s) == 6);
  CHECK(schedule.peak_between(6s, 8s) == 4);
  CHECK(schedule.peak_between(9s, 9s) >= 1);
}

TEST_CASE("a hundred million VUs in a millisecond are still exact") {
  const auto schedule = VuSchedule::ramping(0, std::vector<Stage>{{1ms, 100'000'000}, {1h, 0}});
  CHECK(schedule.vus_at(500us) == 50'000'000);
  CHECK(schedule.vus_at(1ms) == 100'000'000);
  CHECK(schedule.next_change(0s, {})->at == 1ns);
  CHECK(schedule.next_change(0s, {})->vus == 100);
}

}  // namespace brunt
