#include "plan/data_set.h"

#include <doctest/doctest.h>

#include <array>
#include <set>
#include <string>

namespace brunt {
namespace {

std::string dump(const DataSet& set) {
  std::string text;
  for (const std::string& column : set.columns()) text += column + "|";
  for (std::size_t row = 0; row < set.rows(); ++row) {
    text += "\n";
    for (std::size_t i = 0; i < set.columns().size(); ++i) text += set.row(row)[i].dump() + "|";
  }
  return text;
}

std::string csv(std::string_view text, DataSet::Options options = {}) {
  options.name = "x.csv";
  const auto set = DataSet::read_csv(text, options);
  return set ? dump(*set) : set.error().text;
}

std::string json(std::string_view text) {
  const auto set = DataSet::read_json(text, {.name = "x.json", .columns = {}});
  return set ? dump(*set) : set.error().text;
}

}  // namespace

TEST_CASE("CSV is read as RFC 4180 says") {
  CHECK(csv("a,b\n1,2\n3,4\n") == "a|b|\n\"1\"|\"2\"|\n\"3\"|\"4\"|");
  CHECK(csv("a,b\r\n1,2") == "a|b|\n\"1\"|\"2\"|");
  CHECK(csv("\xEF\xBB\xBF"
            "a\n1\n") == "a|\n\"1\"|");
  CHECK(csv("a,b\n\"x,\"\"y\"\"\",\"two\nlines\"\n") == "a|b|\n\"x,\\\"y\\\"\"|\"two\\nlines\"|");
  CHECK(csv("a,b\n,\n") == "a|b|\n\"\"|\"\"|");
  CHECK(csv("a\n\n\n1\n\n") == "a|\n\"1\"|");
  CHECK(csv("1;2\n", {.name = {}, .columns = {"a", "b"}, .delimiter = ';'}) ==
        "a|b|\n\"1\"|\"2\"|");
}

TEST_CASE("bad CSV is refused with its line") {
  CHECK(csv("a,b\n1,2\n3\n") == "x.csv: line 3 has 1 cells where there are 2 columns");
  CHECK(csv("a\n\"1\n2\n") == "x.csv: line 2: the quote does not end");
  CHECK(csv("a\n\"1\"x\n") == "x.csv: line 2: text after a closing quote");
  CHECK(csv("a,a\n1,2\n") == "x.csv: the column \"a\" is there twice");
  CHECK(csv("a,\n1,2\n") == "x.csv: column 2 has no name");
  CHECK(csv("a,b\n") == "x.csv: there are no rows");
  CHECK(csv("") == "x.csv: there are no rows");
  CHECK(csv("a\n1\n2\n3\n", {.name = {}, .columns = {}, .rows_max = 2}) ==
        "x.csv: more than 2 rows");
}

TEST_CASE("JSON rows are objects or plain values") {
  CHECK(json(R"([{"a": 1}, {"b": "x", "a": [2]}])") == "a|b|\n1|null|\n[2]|\"x\"|");
  CHECK(json(R"(["x", 5, null])") == "value|\n\"x\"|\n5|\nnull|");
  CHECK(json("{}") == "x.json: a list with at least one row is needed");
  CHECK(json("[]") == "x.json: a list with at least one row is needed");
  CHECK(json("[1, {}]") == "x.json: either all rows are objects, or none");
  CHECK(json("[{}]") == "x.json: the rows have no members");
  CHECK(json("[1").starts_with("x.json: "));
}

TEST_CASE("rows are handed out in the order that is asked for") {
  Prng prng(1);
  DataCursor sequential({.rows = 3, .order = DataOrder::sequential});
  for (const std::size_t row : {0, 1, 2, 0, 1}) CHECK(sequential.next(prng) == row);
  DataCursor once({.rows = 2, .order = DataOrder::once});
  CHECK(once.next(prng) == 0);
  CHECK(once.next(prng) == 1);
  for (int i = 0; i < 5; ++i) CHECK_FALSE(once.next(prng));
  DataCursor random({.rows = 3, .order = DataOrder::random});
  std::set<std::size_t> seen;
  for (int i = 0; i < 100; ++i) seen.insert(*random.next(prng));
  CHECK(seen == std::set<std::size_t>{0, 1, 2});
  CHECK_FALSE(DataCursor({}).next(prng));
}

TEST_CASE("segments that share a set take each row once together") {
  Prng prng(1);
  std::multiset<std::size_t> taken;
  for (std::size_t part = 0; part < 3; ++part) {
    DataCursor cursor({.rows = 10, .order = DataOrder::once, .segment = Segment().part(part, 3)});
    while (const auto row = cursor.next(prng)) taken.insert(*row);
  }
  CHECK(taken == std::multiset<std::size_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
}

}  // namespace brunt
