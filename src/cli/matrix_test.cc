#include "cli/matrix.h"

#include <doctest/doctest.h>

#include "plan/yaml_reader.h"

using namespace brunt;

namespace {

PlanResult<Plan> plan_with(const MatrixChoice& choice) {
  return read_plan(R"(
matrix: { threads: [1, 2], store: [sqlite, postgres, 7] }
vars: { both: "${threads}-${store}" }
scenarios:
  s: { target: "http://localhost/${both}", executor: constant-vus, vus: "${threads}", duration: 1s, steps: [ { GET: / } ] }
)",
                   "x.yaml", {.matrix = choice});
}

std::vector<std::string> words(const std::vector<MatrixChoice>& choices) {
  std::vector<std::string> all;
  for (const MatrixChoice& choice : choices) all.push_back(words_of(choice));
  return all;
}

}  // namespace

TEST_CASE("a plan with a matrix is read with one value of each name") {
  const auto first = plan_with({});
  REQUIRE_MESSAGE(first.has_value(), first.error().text());
  CHECK(first->vars[0].second == Json("1-sqlite"));
  CHECK(first->scenarios[0].load.vus == 1);
  const auto other = plan_with({{"threads", "2"}, {"store", "postgres"}});
  REQUIRE_MESSAGE(other.has_value(), other.error().text());
  CHECK(other->vars[0].second == Json("2-postgres"));
  CHECK(other->scenarios[0].load.vus == 2);
  CHECK(plan_with({{"threads", "3"}})
            .error()
            .text()
            .contains("\"3\" is not one of its values: 1, 2 (from --matrix)"));
  CHECK(
      plan_with({{"treads", "1"}}).error().text().contains("the plan's matrix has no \"treads\""));
}

TEST_CASE("there is a run for every combination that is left open") {
  const auto plan = plan_with({});
  CHECK(words(combinations_of(*plan, {})) ==
        std::vector<std::string>{"threads=1, store=sqlite", "threads=1, store=postgres",
                                 "threads=1, store=7", "threads=2, store=sqlite",
                                 "threads=2, store=postgres", "threads=2, store=7"});
  const MatrixChoice fixed = {{"store", "7"}};
  CHECK(words(combinations_of(*plan_with(fixed), fixed)) ==
        std::vector<std::string>{"threads=1, store=7", "threads=2, store=7"});
  const MatrixChoice all = {{"store", "7"}, {"threads", "2"}};
  CHECK(combinations_of(*plan_with(all), all).empty());
}

TEST_CASE("files of a run have its values in their names") {
  const MatrixChoice choice = {{"threads", "2"}, {"at", "a/b"}};
  CHECK(with_choice("report.html", choice) == "report-threads=2-at=a_b.html");
  CHECK(with_choice("out/samples.json.gz", choice) == "out/samples-threads=2-at=a_b.json.gz");
  CHECK(with_choice("-", choice) == "-");
}

TEST_CASE("the table has a line for each run") {
  const std::vector<MatrixRow> rows = {
      {{{"threads", "1"}}, "r-1", "9,000", "41.2µs", "90.1µs", "1.20ms", "0%", "passed"},
      {{{"threads", "16"}}, "r-2", "18,000", "38.0µs", "85.0µs", "990µs", "0.1%", "failed"}};
  CHECK(matrix_table(rows, Style{}) ==
        "\n"
        "   threads  requests/s     p50     p95     p99  failed  outcome  run\n"
        "         1       9,000  41.2µs  90.1µs  1.20ms      0%   passed  r-1\n"
        "        16      18,000  38.0µs  85.0µs   990µs    0.1%   failed  r-2\n");
}
