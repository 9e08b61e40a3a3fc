// When which fault happens: drawn from a seed, in order, never two on one service.
#include "fault/timetable.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace brunt {
namespace {

using namespace std::chrono_literals;

FaultSpec cycle(std::string name, std::string target) {
  FaultSpec fault{.name = std::move(name), .target = std::move(target)};
  fault.up = {13min, 16min};
  fault.down = {1min, 3min};
  return fault;
}

FaultSpec fixed(std::string name, FaultAction action, std::vector<Duration> at, Duration lasts) {
  FaultSpec fault{.name = std::move(name), .action = action, .target = "cache"};
  fault.at = std::move(at);
  fault.lasts = {lasts, lasts};
  return fault;
}

std::vector<PlannedFault> table_of(std::span<const FaultSpec> faults, Duration end,
                                   std::uint64_t seed = 1) {
  auto planned = make_timetable(faults, {.end = end, .seed = seed});
  REQUIRE_MESSAGE(planned.has_value(), (planned ? "" : planned.error().text));
  return *planned;
}

TEST_CASE(
    "a cycle is up and down within its ranges until the end, and the same for the same seed") {
  const FaultSpec faults[] = {cycle("smsc-outages", "smsc")};
  const auto planned = table_of(faults, 24h);
  CHECK(planned.size() > 70);
  Duration up_again{};
  for (const PlannedFault& one : planned) {
    CHECK(one.from - up_again >= 13min);
    CHECK(one.from - up_again <= 16min);
    if (one.to < 24h) CHECK(one.to - one.from >= 1min);
    CHECK(one.to - one.from <= 3min);
    up_again = one.to;
  }
  CHECK(planned == table_of(faults, 24h));
  CHECK(planned != table_of(faults, 24h, 2));
}

TEST_CASE("one more fault does not move the others") {
  const std::vector<FaultSpec> one = {cycle("smsc-outages", "smsc")};
  std::vector<FaultSpec> two = {cycle("queue-outages", "queue"), one[0]};
  const auto alone = table_of(one, 4h);
  std::vector<PlannedFault> beside;
  for (PlannedFault planned : table_of(two, 4h))
    if (planned.fault == 1) beside.push_back({0, planned.from, planned.to});
  CHECK(beside == alone);
}

TEST_CASE("fixed times are where the plan says, and what goes on at the end ends there") {
  const FaultSpec faults[] = {fixed("cold", FaultAction::freeze, {10s, 28s, 40s}, 5s)};
  const std::vector<PlannedFault> expected = {{0, 10s, 15s}, {0, 28s, 30s}};
  CHECK(table_of(faults, 30s) == expected);
}

TEST_CASE("an outage drawn into the time of another on the same service waits for its end") {
  FaultSpec restless = cycle("restless", "cache");
  restless.up = {1s, 1s};
  restless.down = {2s, 2s};
  const FaultSpec faults[] = {restless, fixed("cold", FaultAction::freeze, {5s}, 4s),
                              fixed("again", FaultAction::restart, {13s}, 0s)};
  const auto planned = table_of(faults, 20s);
  for (std::size_t i = 1; i < planned.size(); ++i) CHECK(planned[i].from >= planned[i - 1].to);
  CHECK(std::ranges::count(planned, 0U, &PlannedFault::fault) >= 3);
  CHECK(std::ranges::count(planned, 1U, &PlannedFault::fault) == 1);
}

TEST_CASE("fixed times that overlap on one service are found and told") {
  struct Row {
    std::vector<FaultSpec> faults;
    const char* words;
  };
  FaultSpec elsewhere = fixed("other", FaultAction::stop, {12s}, 1s);
  elsewhere.target = "queue";
  FaultSpec cut = fixed("cut", FaultAction::link, {10s, 12s}, 5s);
  FaultSpec slow = fixed("slow", FaultAction::link, {11s}, 5s);
  FaultSpec varied = fixed("varied", FaultAction::stop, {5s}, 2s);
  varied.lasts = {1s, 6s};
  const Row rows[] = {
      {{fixed("a", FaultAction::freeze, {10s}, 5s), fixed("b", FaultAction::kill, {12s}, 2s)},
       "a from 10.0s to 15.0s and b from 12.0s to 14.0s overlap on cache"},
      {{fixed("a", FaultAction::freeze, {10s, 12s}, 5s)},
       "a from 10.0s to 15.0s and a from 12.0s to 17.0s overlap on cache"},
      {{fixed("a", FaultAction::restart, {10s}, 0s), fixed("b", FaultAction::kill, {10s}, 0s)},
       "a at 10.0s and b at 10.0s overlap on cache"},
      {{varied, fixed("b", FaultAction::kill, {10s}, 0s)},
       "varied from 5.00s to 11.0s and b at 10.0s overlap on cache"},
      {{cut}, "cut from 10.0s to 15.0s and cut from 12.0s to 17.0s overlap on cache"},
      {{fixed("a", FaultAction::freeze, {10s}, 5s), fixed("b", FaultAction::kill, {15s}, 2s)}, ""},
      {{fixed("a", FaultAction::freeze, {10s}, 5s), elsewhere}, ""},
      {{fixed("x", FaultAction::link, {10s}, 5s), slow}, ""},
  };
  for (const Row& row : rows) {
    const auto overlap = find_overlap(row.faults);
    CHECK((overlap ? overlap->text : "") == row.words);
  }
}

TEST_CASE("a cycle of next to nothing is an error, not a full memory") {
  FaultSpec busy = cycle("busy", "smsc");
  busy.up = {1us, 1us};
  busy.down = {1us, 1us};
  const FaultSpec faults[] = {busy};
  const auto planned = make_timetable(faults, {.end = 1h});
  REQUIRE_FALSE(planned.has_value());
  CHECK(planned.error().code == ErrorCode::exhausted);
  CHECK(planned.error().text.starts_with("faults.busy: more than 100000 outages"));
}

TEST_CASE("faults are told in words") {
  CHECK(describe(cycle("x", "smsc")) == "smsc stopped");
  CHECK(describe_times(cycle("x", "smsc")) ==
        "1m00s..3m00s down after 13m00s..16m00s up, again and again");
  CHECK(describe_times(fixed("x", FaultAction::freeze, {10s, 20s}, 5s)) ==
        "at 10.0s, 20.0s for 5.00s");
  FaultSpec hungry{.name = "hungry", .action = FaultAction::starve, .target = "db"};
  hungry.starvation = {.cpu = 0.2, .memory = 64'000'000, .descriptors = 50, .disk_full = true};
  CHECK(describe(hungry) ==
        "db with 20% of a core, 64.0 MB of memory, 50 descriptors, a full disk");
  FaultSpec slow{.name = "slow", .action = FaultAction::link, .target = "api->db"};
  slow.toxic = {.type = ToxicType::latency, .delay = 77ms};
  CHECK(describe(slow) == "api->db slowed by 154ms of round trip");
}

}  // namespace
}  // namespace brunt
