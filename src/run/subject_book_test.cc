#include "run/subject_book.h"

#include <doctest/doctest.h>

using namespace brunt;

TEST_CASE("a figure of a client is there once and what is left out is said") {
  SubjectBook book(SubjectBook::Limits{.figures_max = 3});
  book.take({{"1", "setup_time", 2}, {"1", "frame_req_duration.median", 3}});
  book.take({{"1", "setup_time", 9}, {"2", "setup_time", 4}, {"3", "setup_time", 5}});
  std::vector<std::string> notes;
  const auto values = book.close(notes);
  REQUIRE(values.size() == 3);
  CHECK(values[0] == SubjectValue{"1", "setup_time", 2});
  CHECK(values[2] == SubjectValue{"2", "setup_time", 4});
  REQUIRE(notes.size() == 2);
  CHECK(notes[0].starts_with("1 figures of clients were left out, as another client"));
  CHECK(notes[1] == "1 figures of clients were left out: a record holds 3");
  CHECK(book.close(notes).empty());
  CHECK(notes.size() == 2);
}
