#include "base/json.h"

#include <doctest/doctest.h>

namespace brunt {

TEST_CASE("a document comes back as it was written") {
  for (const char* text :
       {"null", "true", "-1", "9223372036854775807", "0.1", "-0.0", "1e+300", "\"a\\nb\"", "[]",
        "{}", "[1,[2,{\"a\":null}]]", "{\"b\":1,\"a\":\"\xC3\xA9\"}"}) {
    CAPTURE(text);
    CHECK(Json::parse(text).value().dump() == text);
  }
}

TEST_CASE("numbers are whole where they fit and near zero where they are tiny") {
  CHECK(Json::parse("0e99").value().number() == 0);
  CHECK(Json::parse("-9223372036854775808").value().integer() == INT64_MIN);
  CHECK(Json::parse("9223372036854775808").value().number() ==
        doctest::Approx(9.223372036854775808e18));
  CHECK(Json::parse("1e-400").value().number() == 0);
  CHECK(Json::parse("2.50").value().number() == 2.5);
  CHECK(Json::parse("[1e400]").error().code == ErrorCode::malformed);
  CHECK(Json::parse("[99999e305]").error().text.find("line 1") != std::string::npos);
}

TEST_CASE("an error names line and column") {
  const auto bad = Json::parse("{\n  \"a\": tru\n}");
  REQUIRE(!bad);
  CHECK(bad.error().code == ErrorCode::malformed);
  CHECK(bad.error().text.find("line 2") != std::string::npos);
}

TEST_CASE("what is cut, doubled or not UTF-8 is malformed") {
  for (const char* text : {"", "{", "[1,", "\"abc", "1 2", "{\"a\" 1}", "\"\xff\""}) {
    CAPTURE(text);
    CHECK(!Json::parse(text));
  }
}

TEST_CASE("a byte order mark is passed over, a part of one is not") {
  CHECK(Json::parse("\xEF\xBB\xBF\"\""));
  for (const char* text : {"\xBB\"\"", "\xBF\"\"", "\xEF\xBB\"\""}) {
    CAPTURE(text);
    CHECK(!Json::parse(text));
  }
}

TEST_CASE("a NUL byte does not end the text") {
  using namespace std::string_view_literals;
  for (const std::string_view text : {"1\0"sv, "{}\0{"sv, "[1,2]\n\0"sv}) CHECK(!Json::parse(text));
  CHECK(Json::parse("1\n\0"sv).error().text.find("line 2, column 1") != std::string::npos);
}

TEST_CASE("deep nesting costs an error and not the stack") {
  const std::string deep = std::string(100000, '[') + std::string(100000, ']');
  CHECK(Json::parse(deep).error().code == ErrorCode::too_large);
}

TEST_CASE("control characters and broken UTF-8 are written so that a reader accepts them") {
  std::string out;
  append_json_string(out, std::string_view("a\x01\"\\\xff", 5));
  CHECK(out == "\"a\\u0001\\\"\\\\\xEF\xBF\xBD\"");
  CHECK(Json::parse(out));
}

TEST_CASE("set replaces and keeps the order of keys") {
  Json value;
  value.set("a", 1);
  value.set("b", 2);
  value.set("a", "x");
  CHECK(value.dump() == R"({"a":"x","b":2})");
}

}  // namespace brunt
