#include "report/text.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

#include "base/file.h"
#include "report/sample_run.h"

namespace brunt {
namespace {

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// BRUNT_GOLDEN=write takes what is printed now as what is right; look at the difference before you
// commit it.
TEST_CASE("the summary of the sample run is the golden one") {
  const std::string text = text_report(
      SampleRun({}).build(), {.style = {}, .page = "report.html", .ledger = ".brunt/ledger.db"});
  const std::string golden = BRUNT_SOURCE_DIR "/src/report/golden_summary.txt";
  if (std::getenv("BRUNT_GOLDEN") != nullptr) REQUIRE(write_file(golden, text));
  const auto wanted = read_file(golden);
  REQUIRE(wanted);
  CHECK(text == *wanted);
}

TEST_CASE("no line is wider than the terminal, and names are shortened for it") {
  RunRecord record = SampleRun({.seconds = 40}).build();
  for (SeriesInfo& one : record.series)
    for (Tag& tag : one.tags)
      if (tag.key == "name" && tag.value == "POST /login")
        tag.value = "POST /a/very/long/path/with/many/parts/that/goes/on/and/on/until/it/ends";
  const std::string text = text_report(record, {.style = {.width = 100}});
  std::size_t widest = 0;
  std::size_t from = text.find("Requests");
  const std::size_t to = text.find("Response time");
  while (from < to) {
    const std::size_t end = text.find('\n', from);
    widest = std::max(widest, display_width(std::string_view(text).substr(from, end - from)));
    from = end + 1;
  }
  CHECK(widest <= 100);
  CHECK(has(text, "…"));
  CHECK(has(text, "until/it/ends"));
}

TEST_CASE("an origin that all requests share stands in the heading once") {
  RunRecord record = SampleRun({.seconds = 20}).build();
  for (SeriesInfo& one : record.series)
    for (Tag& tag : one.tags)
      if (tag.key == "name")
        tag.value = "http://shop:80/" + tag.value.substr(tag.value.find('/') + 1);
  const std::string text = text_report(record, {});
  CHECK(has(text, "Requests to shop:80  "));
  CHECK(has(text, "\n    /command  "));
  for (SeriesInfo& one : record.series)
    for (Tag& tag : one.tags)
      if (tag.value == "http://shop:80/login") tag.value = "http://users:81/login";
  CHECK(has(text_report(record, {}), "\n    http://users:81/login  "));
}

TEST_CASE("colours appear only when asked for") {
  const RunRecord record = SampleRun({.seconds = 2}).build();
  CHECK_FALSE(has(text_report(record, {}), "\x1b["));
  CHECK(has(text_report(record, {.style = {.colours = Colours::on}}), "\x1b[31m✗ failed\x1b[0m"));
}

TEST_CASE("each outcome has its word") {
  RunRecord record = SampleRun({.seconds = 2}).build();
  struct Row {
    int exit_code;
    RunStatus status;
    std::string_view word;
  };
  const Row rows[] = {{0, RunStatus::finished, "✓ passed"},
                      {99, RunStatus::finished, "✗ failed"},
                      {107, RunStatus::aborted, "✗ failed"},
                      {120, RunStatus::finished, "! not valid"},
                      {105, RunStatus::interrupted, "! interrupted"},
                      {0, RunStatus::interrupted, "! interrupted"},
                      {0, RunStatus::running, "… running"}};
  for (const Row& row : rows) {
    record.run.exit_code = row.exit_code;
    record.run.status = row.status;
    CHECK(has(text_report(record, {}), row.word));
  }
}

TEST_CASE("a check that was never made neither passed nor failed") {
  RunRecord record = SampleRun({.seconds = 2}).build();
  record.checks = {{.name = "status is 200", .passes = 0, .fails = 0}};
  const std::string text = text_report(record, {});
  CHECK(has(text, "– status is 200"));
  CHECK_FALSE(has(text, "✓ status is 200"));
}

TEST_CASE("rates count the seconds that there are samples of, and not what came after the load") {
  RunRecord record = SampleRun({}).build();
  record.run.ended.unix_ns += 30'000'000'000;  // Its services took so long.
  CHECK(has(text_report(record, {}), "iterations...........: 10,760  196/s"));
}

TEST_CASE("the outcome is not said twice") {
  RunRecord record = SampleRun({.seconds = 2}).build();
  record.run.exit_code = 0;
  record.run.verdict = "passed: 4 of 4 expectations hold";
  CHECK(has(text_report(record, {}), "✓ passed  4 of 4 expectations hold\n"));
  record.run.verdict = "finished: nothing was expected, so nothing was judged";
  CHECK(has(text_report(record, {}), "✓ finished  nothing was expected, so nothing was judged\n"));
}

TEST_CASE("no interval is printed for fewer than thirty seconds, nor sections without content") {
  const std::string brief = text_report(SampleRun({.seconds = 20}).build(), {});
  CHECK_FALSE(has(brief, "95 % sure"));
  RunRecord empty;
  empty.run.status = RunStatus::interrupted;
  const std::string nothing = text_report(empty, {});
  for (const char* heading : {"Requests", "Thresholds", "Checks", "Errors", "Metrics", "Generator"})
    CHECK_FALSE(has(nothing, heading));
}

TEST_CASE("percentiles are at least what was seen once arrivals were dropped") {
  RunRecord record = SampleRun({.seconds = 40}).build();
  CHECK(has(text_report(record, {}), "≥"));
  record.scenarios[0].iterations_dropped = 0;
  const std::string whole = text_report(record, {});
  CHECK_FALSE(has(whole, "≥"));
  CHECK(has(whole, "from the planned instant"));
}

TEST_CASE("what a reader must know stands below the verdict") {
  RunRecord record = SampleRun({.seconds = 2}).build();
  record.notes = {"The ledger could not be written."};
  CHECK(has(text_report(record, {}), "! The ledger could not be written."));
}

TEST_CASE("text is padded and shortened by what is seen, not by bytes") {
  CHECK(pad_left("µs", 4) == "  µs");
  CHECK(pad_right("≥1", 3) == "≥1 ");
  CHECK(pad_left("long", 2) == "long");
  CHECK(shorten("GET /cart", 20) == "GET /cart");
  CHECK(shorten("0123456789", 7) == "01…6789");
  CHECK(shorten("äöüäöü", 4) == "ä…öü");
  CHECK(shorten("abc", 1) == "…");
  CHECK(shorten("abc", 0).empty());
}

}  // namespace
}  // namespace brunt
