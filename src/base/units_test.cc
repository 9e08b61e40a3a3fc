#include "base/units.h"

#include <doctest/doctest.h>

namespace brunt {
using namespace std::chrono_literals;

TEST_CASE("durations are read with their units") {
  const std::pair<const char*, Duration> rows[] = {
      {"0", 0s},    {"154ms", 154ms}, {"1h2m3.5s", 3723500ms},
      {"1d", 24h},  {"250us", 250us}, {"250µs", 250us},
      {"7ns", 7ns}, {" 2s ", 2s},     {"0.5m", 30s},
      {"0s", 0s}};
  for (const auto& [text, expected] : rows) {
    CAPTURE(text);
    CHECK(parse_duration(text).value() == expected);
  }
}

TEST_CASE("a duration without a unit, negative or garbled is refused and says how to write it") {
  for (const char* text :
       {"", "5", "-1s", "5 s", "s", "1x", "1e9h", "10000000d", "1s2", "nan", "1..2s"}) {
    CAPTURE(text);
    const auto parsed = parse_duration(text);
    REQUIRE(!parsed);
    CHECK(parsed.error().text.find("250ms") != std::string::npos);
  }
}

TEST_CASE("ranges ascend") {
  CHECK(parse_duration_range("25s..35s").value() == DurationRange{25s, 35s});
  CHECK(parse_duration_range("2s").value() == DurationRange{2s, 2s});
  CHECK(!parse_duration_range("3s..2s"));
}

TEST_CASE("rates have a count and a time unit") {
  CHECK(parse_rate("500/s").value() == Rate{500, 1s});
  CHECK(parse_rate("30/m").value() == Rate{30, 1min});
  CHECK(parse_rate("10/500ms").value() == Rate{10, 500ms});
  CHECK(parse_rate("0.5/s").value().each_second() == doctest::Approx(0.5));
  for (const char* text : {"500", "500/", "/s", "-1/s", "5/0s", "5/x"}) CHECK(!parse_rate(text));
}

TEST_CASE("sizes, shares and whole numbers are exact") {
  CHECK(parse_size("64KiB").value() == 65536);
  CHECK(parse_size("10MB").value() == 10'000'000);
  CHECK(parse_size("12").value() == 12);
  CHECK(!parse_size("12 apples"));
  CHECK(parse_percent("0.1%").value() == doctest::Approx(0.001));
  CHECK(parse_percent("0.25").value() == doctest::Approx(0.25));
  CHECK(!parse_integer("1.5"));
}

TEST_CASE("figures are printed with three digits and a unit that fits") {
  CHECK(format_duration(1530us) == "1.53ms");
  CHECK(format_duration(999'900ns) == "1.00ms");
  CHECK(format_duration(250us) == "250µs");
  CHECK(format_duration(12345ms) == "12.3s");
  CHECK(format_duration(200s) == "3m20s");
  CHECK(format_duration(3723s) == "1h02m03s");
  CHECK(format_duration(0s) == "0s");
  CHECK(format_count(1234567) == "1,234,567");
  CHECK(format_count(-999) == "-999");
  CHECK(format_bytes(1500000) == "1.5 MB");
  CHECK(format_percent(0.00125) == "0.12%");
}

}  // namespace brunt
