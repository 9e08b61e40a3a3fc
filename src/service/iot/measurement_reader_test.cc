// The reader of measurements: what it takes, what it says about the rest, and that it agrees with
// the JSON parser about what JSON is.
#include "service/iot/measurement_reader.h"

#include <doctest/doctest.h>

#include <chrono>

#include "base/json.h"
#include "base/prng.h"
#include "base/time.h"

using namespace brunt;

namespace {

constexpr std::string_view typical =
    R"({"id":17,"time":"2026-11-22T08:49:41.250Z","charge_now":71,"charge_full":100,)"
    R"("charge_rate":-12.5,"ambient_temp":21.25,"water_temp":40.5,"water_level":88})";

std::string complaint(std::string_view body) {
  Measurement measurement;
  const auto read = read_measurement(body, measurement);
  return read ? "" : read.error().text;
}

}  // namespace

TEST_CASE("a whole measurement is read") {
  Measurement measurement;
  measurement.device = {1, 2};
  REQUIRE(read_measurement(typical, measurement));
  CHECK(measurement.device == Uuid{1, 2});
  CHECK(measurement.time_us == 1'795'337'381'250'000);
  CHECK(measurement.charge_now == 71);
  CHECK(measurement.charge_full == 100);
  CHECK(measurement.charge_rate == -12.5);
  CHECK(measurement.ambient_temp_celsius == 21.25);
  CHECK(measurement.water_temp_celsius == 40.5);
  CHECK(measurement.water_level_litres == 88);
}

TEST_CASE("what may be missing may be missing or null, and nothing stays from before") {
  Measurement measurement;
  REQUIRE(read_measurement(typical, measurement));
  REQUIRE(read_measurement(
      " {\n\"charge_now\" : 5.0e0 ,\t\"time\":1500, \"water_temp\":null,\r\"x\":[{\"y\":[]},{}]} ",
      measurement));
  CHECK(measurement.time_us == 1'500'000);
  CHECK(measurement.charge_now == 5);
  CHECK_FALSE(measurement.charge_full);
  CHECK_FALSE(measurement.water_temp_celsius);
  CHECK_FALSE(measurement.water_level_litres);
}

TEST_CASE("what is wrong is said in words") {
  struct Row {
    std::string body, text;
  };
  const std::string count = "a whole number from 0 to 2147483647";
  const std::string time =
      "`time` must be RFC 3339 text like 2026-11-22T08:49:41Z, or milliseconds since 1970";
  const Row rows[] = {
      {"", "the body is empty: a JSON object is wanted"},
      {"[]", "the body must be a JSON object"},
      {"7", "the body must be a JSON object"},
      {"{", "the body is no JSON: a key expected at byte 1"},
      {R"({"time":1)", "the body is no JSON: `,` or `}` expected at byte 9"},
      {R"({"time":1} x)", "the body is no JSON: the end expected at byte 11"},
      {R"({"time":01})", "the body is no JSON: `,` or `}` expected at byte 9"},
      {R"({"time":nul})", "the body is no JSON: a value expected at byte 8"},
      {R"({"time":"abc)", "the body is no JSON: the end of a string expected at byte 12"},
      {R"({})", "`time` is missing"},
      {R"({"time":1})", "`charge_now` is missing"},
      {R"({"time":null,"charge_now":1})", "`time` is missing"},
      {R"({"time":1,"charge_now":"1"})", "`charge_now` must be " + count},
      {R"({"time":1,"charge_now":1.5})", "`charge_now` must be " + count},
      {R"({"time":1,"charge_now":-1})", "`charge_now` must be " + count},
      {R"({"time":1,"charge_now":2147483648})", "`charge_now` must be " + count},
      {R"({"time":1,"charge_now":1e400})", "`charge_now` must be " + count},
      {R"({"time":1,"charge_now":1,"water_level":true})", "`water_level` must be " + count},
      {R"({"time":1,"charge_now":1,"charge_rate":1e10})",
       "`charge_rate` must be a number from -1e9 to 1e9"},
      {R"({"time":1,"charge_now":1,"water_temp":-300})",
       "`water_temp` must be degrees Celsius from -273.15 to 10000"},
      {R"({"time":true,"charge_now":1})", time},
      {R"({"time":1.5,"charge_now":1})", time},
      {R"({"time":-1,"charge_now":1})", time},
      {R"({"time":"yesterday","charge_now":1})",
       "`time` is not a time: write 2026-11-22T08:49:41Z, or milliseconds since 1970"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.body);
    CHECK(complaint(row.body) == row.text);
  }
  const std::string deep = R"({"x":)" + std::string(100, '[') + std::string(100, ']') + "}";
  CHECK(complaint(deep) == "the body is nested deeper than 32");
}

TEST_CASE("times of RFC 3339") {
  struct Row {
    std::string_view text;
    std::int64_t us;  // -1: refused.
  };
  const Row rows[] = {
      {"1970-01-01T00:00:00Z", 0},
      {"2000-02-29T12:00:00Z", 951'825'600'000'000},
      {"2000-02-29t12:00:00.5z", 951'825'600'500'000},
      {"2000-02-29 13:30:00+01:30", 951'825'600'000'000},
      {"2000-02-29T12:00:00.123456789Z", 951'825'600'123'456},
      {"1998-12-31T23:59:60Z", 915'148'800'000'000},
      {"2001-02-29T12:00:00Z", -1},
      {"2000-13-01T12:00:00Z", -1},
      {"2000-01-01T24:00:00Z", -1},
      {"2000-01-01T12:00:00", -1},
      {"2000-01-01T12:00:00.Z", -1},
      {"2000-01-01T12:00:00.1234567890Z", -1},
      {"2000-01-01T12:00:00+24:00", -1},
      {"2000-01-01T12:00:00Zx", -1},
      {"1969-12-31T23:59:59Z", -1},
      {"9999-01-01T00:00:00Z", -1},
      {"", -1},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(parse_rfc3339_us(row.text).value_or(-1) == row.us);
  }
}

// Damaged bodies: both agree whether it is JSON. A difference is a hole or a nuisance.
TEST_CASE("it calls JSON what the JSON parser calls JSON") {
  const std::string_view seeds[] = {
      typical, R"({"a":[1,{"b":null,"c":[true,false]},-0.5e-3],"d":"é😀\n\"","e":{}})"};
  constexpr std::string_view letters = "{}[]\",:\\u0e1.-+ntf \n\x01\x80\xff";
  Prng prng(7);
  int valid = 0;
  for (int round = 0; round < 40'000; ++round) {
    std::string body(seeds[round % 2]);
    const auto changes = prng.between(1, 3);
    for (std::int64_t change = 0; change < changes; ++change) {
      const auto at =
          static_cast<std::size_t>(prng.between(0, static_cast<std::int64_t>(body.size()) - 1));
      const char letter = letters[static_cast<std::size_t>(
          prng.between(0, static_cast<std::int64_t>(letters.size()) - 1))];
      switch (prng.between(0, 2)) {
        case 0:
          body[at] = letter;
          break;
        case 1:
          body.insert(at, 1, letter);
          break;
        default:
          body.erase(at, 1);
      }
    }
    Measurement measurement;
    const auto read = read_measurement(body, measurement);
    const bool is_json = read.has_value() || read.error().code == ErrorCode::invalid;
    const bool parsed = Json::parse(body).has_value();
    valid += parsed ? 1 : 0;
    if (is_json == parsed) continue;
    CAPTURE(body);
    CHECK(is_json == parsed);
  }
  CHECK(valid > 1000);  // Else this would be no test of what is accepted.
}

TEST_CASE("it is faster than building a tree") {
  const auto time_of = [](auto&& work) {
    Duration best = Duration::max();
    for (int round = 0; round < 5; ++round) {
      const Instant start = monotonic_now();
      for (int i = 0; i < 2000; ++i) work();
      best = std::min(best, (monotonic_now() - start) / 2000);
    }
    return best;
  };
  Measurement measurement;
  const Duration reader = time_of([&] { CHECK_UNARY(read_measurement(typical, measurement)); });
  const Duration tree = time_of([&] { CHECK_UNARY(Json::parse(typical)); });
  MESSAGE("read_measurement ", reader.count(), " ns, Json::parse ", tree.count(), " ns");
  CHECK(reader < tree);
}
