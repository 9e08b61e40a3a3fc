#include "plan/jsonpath.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

namespace brunt {
namespace {

const char* const document = R"({
  "store": {"book": [{"id": 1, "tags": ["x", "y"]}, {"id": 2}, {"id": 3, "author": {"id": 30}}],
            "open": true, "a b": "spaced", "naïve": 5, "none": null},
  "id": "top"
})";

std::string all(std::string_view path) {
  const auto compiled = JsonPath::compile(path);
  if (!compiled) return compiled.error().text;
  std::string text;
  const auto matches = compiled->all(*Json::parse(document));
  if (!matches) return matches.error().text;
  for (const Json& match : *matches) text += (text.empty() ? "" : " ") + match.dump();
  return text;
}

}  // namespace

TEST_CASE("a JSONPath finds its matches in the order of the document") {
  struct Row {
    std::string_view path, matches;
  };
  constexpr std::array rows = {
      Row{"$.id", "\"top\""},
      Row{"$.store.book[0].id", "1"},
      Row{"$.store.book[-1].id", "3"},
      Row{"$.store.book[9].id", ""},
      Row{"$.store.book[*].id", "1 2 3"},
      Row{"$..id", "\"top\" 1 2 3 30"},
      Row{"$.store..id", "1 2 3 30"},
      Row{"$.store.book[0:2].id", "1 2"},
      Row{"$.store.book[1:].id", "2 3"},
      Row{"$.store.book[-2:].id", "2 3"},
      Row{"$.store.book[::2].id", "1 3"},
      Row{"$.store.book[::-1].id", "3 2 1"},
      Row{"$.store.book[5:1:-1].id", "3"},
      Row{"$.store.book[::0].id", ""},
      Row{"$.store.book[-9223372036854775808:9223372036854775807].id", "1 2 3"},
      Row{"$['store']['a b']", "\"spaced\""},
      Row{"$.store[\"open\", 'a b']", "true \"spaced\""},
      Row{"$.store.naïve", "5"},
      Row{"$.store.none", "null"},
      Row{"$.store.book.length()", "3"},
      Row{"$.id.length()", "3"},
      Row{"$.store.open.length()", ""},
      Row{"$..book[0].tags[*]", "\"x\" \"y\""},
      Row{"$.nosuch.deeper", ""},
      Row{"$.id.deeper", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.path);
    CHECK(all(row.path) == row.matches);
    const auto first = JsonPath::compile(row.path)->first(*Json::parse(document));
    CHECK((first ? first->dump() : "") ==
          std::string(row.matches.substr(0, row.matches.find(' '))));
  }
  CHECK(JsonPath::compile("$")->first(Json(5))->dump() == "5");
}

TEST_CASE("a JSONPath that cannot be read says where") {
  struct Row {
    std::string_view path, error;
  };
  constexpr std::array rows = {
      Row{"id", "JSONPath \"id\", column 1: a JSONPath starts with $"},
      Row{"$.", "JSONPath \"$.\", column 3: expected a name"},
      Row{"$id", "JSONPath \"$id\", column 2: expected . or ["},
      Row{"$[", "JSONPath \"$[\", column 3: expected a number, a quoted name or *"},
      Row{"$['a", "JSONPath \"$['a\", column 5: the quoted name does not end"},
      Row{"$[1", "JSONPath \"$[1\", column 4: expected ]"},
      Row{"$[?(@.x)]",
          "JSONPath \"$[?(@.x)]\", column 4: filter expressions [?(...)] are not supported in this "
          "version"},
      Row{"$.a.length().b", "JSONPath \"$.a.length().b\", column 11: expected . or ["},
      Row{"$[99999999999999999999]",
          "JSONPath \"$[99999999999999999999]\", column 3: the number is out of range"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.path);
    CHECK(all(row.path) == row.error);
  }
}

TEST_CASE("several descents over a wide document end in an error, not in a day") {
  Json wide{Json::Array()};
  for (int i = 0; i < 3000; ++i) wide.push(Json(Json::Array{Json(i), Json(i)}));
  const auto path = JsonPath::compile("$..*..*..*..*..*");
  REQUIRE(path);
  Json nested{Json::Array{wide, wide, wide}};
  for (int i = 0; i < 5; ++i) nested = Json(Json::Array{nested, Json(i)});
  const auto matches = path->all(nested);
  REQUIRE_FALSE(matches);
  CHECK(matches.error().code == ErrorCode::too_large);
}

}  // namespace brunt
