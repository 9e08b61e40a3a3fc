// Cuts a CSV text into records, one at a time. Source: RFC 4180.
//
//   CsvReader reader(text, ',');
//   while (TRY(reader.next(record))) use(record);
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace brunt {

class CsvReader {
 public:
  // `text` must outlive it. `offset`: where to begin, as offset() of an earlier reader gave it.
  CsvReader(std::string_view text, char delimiter, std::size_t offset = 0);

  // False at the end. Lines without anything in them are skipped. Errors: invalid, with the line.
  Result<bool> next(std::vector<std::string>& record);

  std::size_t line() const { return record_line_; }  // Where the last record began.
  std::size_t offset() const { return at_; }         // Behind it, in bytes.

 private:
  bool take(char wanted);
  bool take_line_end();
  Result<std::string> cell();
  Result<std::string> quoted_cell();

  std::string_view text_;
  char delimiter_;
  std::size_t at_;
  std::size_t line_ = 1;
  std::size_t record_line_ = 1;
};

}  // namespace brunt
