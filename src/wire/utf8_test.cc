#include "wire/utf8.h"

#include <doctest/doctest.h>

#include <string>

namespace brunt {

// Source of the rows: Unicode 15, table 3-7; the rows around its bounds.
TEST_CASE("texts are told from bytes that are no UTF-8, wherever they stand") {
  struct Row {
    std::string bytes;
    bool good;
  };
  const Row rows[] = {{"", true},
                      {"plain", true},
                      {"\x7f", true},
                      {"\xc2\x80", true},
                      {"\xdf\xbf", true},
                      {"\xe0\xa0\x80", true},
                      {"\xed\x9f\xbf", true},
                      {"\xee\x80\x80", true},
                      {"\xef\xbf\xbf", true},
                      {"\xf0\x90\x80\x80", true},
                      {"\xf4\x8f\xbf\xbf", true},
                      {"\x80", false},
                      {"\xbf", false},
                      {"\xc0\x80", false},
                      {"\xc1\xbf", false},
                      {"\xc2", false},
                      {"\xc2\x41", false},
                      {"\xe0\x9f\xbf", false},
                      {"\xe0\xa0", false},
                      {"\xed\xa0\x80", false},
                      {"\xf0\x8f\xbf\xbf", false},
                      {"\xf0\x90\x80", false},
                      {"\xf0\x90\x80\x41", false},
                      {"\xf4\x90\x80\x80", false},
                      {"\xf5\x80\x80\x80", false},
                      {"\xff", false}};
  for (const Row& row : rows)
    for (std::size_t before = 0; before < 18; ++before) {
      CHECK_MESSAGE(is_utf8(std::string(before, 'a') + row.bytes) == row.good, row.bytes);
      CHECK(is_utf8(std::string(before, 'a') + row.bytes + std::string(before, 'z')) == row.good);
    }
}

}  // namespace brunt
