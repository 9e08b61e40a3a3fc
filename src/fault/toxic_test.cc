#include "fault/toxic.h"

#include <doctest/doctest.h>

#include "fault/link_control.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;

Result<Toxic> read(std::string_view text) {
  return toxic_from_json(Json::parse(text).value(), ToxicReading::whole);
}

std::string why(std::string_view text) {
  const auto toxic = read(text);
  return toxic ? "it was taken" : toxic.error().text;
}

}  // namespace

TEST_CASE("A toxic of Toxiproxy is read with its units, and written the same again") {
  const auto toxic = read(R"({"name":"far","type":"latency","stream":"upstream","toxicity":0.5,)"
                          R"("attributes":{"latency":154,"jitter":4.5}})");
  REQUIRE(toxic);
  CHECK(toxic->delay == 154ms);
  CHECK(toxic->jitter == 4500us);
  CHECK(toxic->stream == ToxicStream::upstream);
  CHECK(toxic->toxicity == 0.5);
  CHECK(toxic_from_json(to_json(*toxic), ToxicReading::whole).value() == *toxic);
  CHECK(read(R"({"type":"bandwidth","attributes":{"rate":30}})")->bytes_a_second == 30'000);
  CHECK(read(R"({"type":"bandwidth","attributes":{"rate":0}})")->bytes_a_second == 0);
  CHECK(read(R"({"type":"slicer","attributes":{"average_size":9,"delay":20}})")->delay == 20us);
}

TEST_CASE("A toxic without a name is called by its type and stream") {
  CHECK(read(R"({"type":"down"})")->full_name() == "down_downstream");
}

TEST_CASE("Every kind of toxic is in the table under its own name") {
  for (const ToxicKind& kind : toxic_kinds()) {
    CHECK(parse_toxic_type(name_of(kind.type)) == kind.type);
    CHECK(!kind.about.empty());
  }
}

TEST_CASE("An update changes what it names and nothing else") {
  const Toxic before{.name = "far", .delay = 100ms, .jitter = 5ms};
  const auto after = toxic_from_json(Json::parse(R"({"attributes":{"latency":7}})").value(),
                                     ToxicReading::update, before);
  REQUIRE(after);
  CHECK(after->delay == 7ms);
  CHECK(after->jitter == 5ms);
  CHECK(after->name == "far");
}

TEST_CASE("A toxic that cannot be says which attribute, and what would do") {
  CHECK(why(R"({"type":"latency","attributes":{"latency":-1}})") ==
        "latency: -1 is negative; give 0 or more");
  CHECK(why(R"({"type":"latencyy"})")
            .starts_with("type: invalid toxic type \"latencyy\"; did you mean \"latency\"?; there "
                         "are latency,"));
  CHECK(why(R"({"type":"latency","attributes":{"latency":"x"}})") ==
        "latency: needs a number, found string");
  CHECK(why(R"({"type":"latency","attributes":{"latency":1e300}})").ends_with("more than 30 days"));
  CHECK(why(R"({"type":"latency","toxicity":1.5})") == "toxicity: 1.5 is no share; give 0 to 1");
  CHECK(why(R"({"type":"latency","stream":"sideways"})").starts_with("stream: stream was invalid"));
  CHECK(why(R"({"type":"slicer","attributes":{"average_size":4,"size_variation":4}})") ==
        "size_variation: 4 must be smaller than average_size (4)");
  CHECK(why(R"({"name":"x"})") == "type: missing required field");
  CHECK(why(R"({"type":7})") == "type: needs a text, found number");
  CHECK(why("[]") == "a toxic is an object, found array");
}

}  // namespace brunt
