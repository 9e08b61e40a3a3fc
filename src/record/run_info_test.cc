#include "record/run_info.h"

#include <doctest/doctest.h>

#include "record/facts.h"

namespace brunt {
namespace {

constexpr WallTime morning{1'795'337'050'123'456'789};  // 2026-11-22T08:44:10.123456789Z

TEST_CASE("a run id sorts by time and ends in four letters that are not mistaken") {
  Prng prng(7);
  const std::string id = make_run_id(morning, prng);
  CHECK(id.substr(0, 16) == "20261122-084410-");
  CHECK(id.size() == 20);
  CHECK(id.substr(16).find_first_of("01lo") == std::string::npos);
  CHECK(make_run_id(WallTime{morning.unix_ns + 1'000'000'000}, prng) > id);
  CHECK(make_run_id(morning, prng) != id);
}

TEST_CASE("a wall time is written in UTC with the digits asked for") {
  CHECK(format_wall_time(morning) == "2026-11-22T08:44:10.123Z");
  CHECK(format_wall_time(morning, 0) == "2026-11-22T08:44:10Z");
  CHECK(format_wall_time(morning, 9) == "2026-11-22T08:44:10.123456789Z");
  CHECK(format_wall_time(WallTime{0}, 0) == "1970-01-01T00:00:00Z");
}

TEST_CASE("a written wall time is read back, anything else is malformed") {
  for (const int digits : {0, 3, 6, 9}) {
    const auto back = parse_wall_time(format_wall_time(morning, digits));
    REQUIRE(back);
    CHECK(format_wall_time(*back, digits) == format_wall_time(morning, digits));
  }
  CHECK(parse_wall_time("2026-11-22T08:44:10.123456789Z") == morning);
  for (const char* bad : {"", "2026-11-22", "2026-11-22T08:44:10", "2026-13-22T08:44:10Z",
                          "2026-02-30T08:44:10Z", "2026-11-22T24:00:00Z", "2026-11-22T08:44:10.Z",
                          "2026-11-22T08:44:10.1234567890Z", "2026-11-22 08:44:10Z"})
    CHECK(parse_wall_time(bad).error().code == ErrorCode::malformed);
}

TEST_CASE("names of statuses and event kinds lead back, and a slip is told") {
  for (const RunStatus status :
       {RunStatus::running, RunStatus::finished, RunStatus::interrupted, RunStatus::aborted})
    CHECK(parse_run_status(name_of(status)) == status);
  for (const EventKind kind : {EventKind::warm_up, EventKind::stage, EventKind::graceful_stop,
                               EventKind::fault, EventKind::abort, EventKind::note})
    CHECK(parse_event_kind(name_of(kind)) == kind);
  CHECK(parse_run_status("finishd").error().text.find("finished") != std::string::npos);
  CHECK(parse_event_kind("").error().code == ErrorCode::invalid);
}

}  // namespace
}  // namespace brunt
