#include "plan/csv_reader.h"

#include <fmt/format.h>

namespace brunt {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

}  // namespace

CsvReader::CsvReader(std::string_view text, char delimiter, std::size_t offset)
    : text_(text), delimiter_(delimiter), at_(offset) {
  if (offset == 0 && text_.starts_with(byte_order_mark)) at_ = byte_order_mark.size();
}

Result<bool> CsvReader::next(std::vector<std::string>& record) {
  while (at_ < text_.size() && take_line_end()) {
  }
  record.clear();
  if (at_ >= text_.size()) return false;
  record_line_ = line_;
  do record.push_back(TRY(cell()));
  while (take(delimiter_));
  if (at_ < text_.size() && !take_line_end())
    return fail(ErrorCode::invalid, fmt::format("line {}: text after a closing quote", line_));
  return true;
}

bool CsvReader::take(char wanted) {
  if (at_ >= text_.size() || text_[at_] != wanted) return false;
  ++at_;
  return true;
}

bool CsvReader::take_line_end() {
  const bool carriage = take('\r');
  const bool taken = take('\n') || carriage;
  if (taken) ++line_;
  return taken;
}

Result<std::string> CsvReader::cell() {
  if (take('"')) return quoted_cell();
  const std::size_t start = at_;
  while (at_ < text_.size() && text_[at_] != delimiter_ && text_[at_] != '\n' && text_[at_] != '\r')
    ++at_;
  return std::string(text_.substr(start, at_ - start));
}

Result<std::string> CsvReader::quoted_cell() {
  const std::size_t start = line_;
  std::string value;
  for (; at_ < text_.size(); ++at_) {
    if (text_[at_] == '\n') ++line_;
    if (text_[at_] == '"') {
      if (!text_.substr(at_ + 1).starts_with('"')) {
        ++at_;
        return value;
      }
      ++at_;
    }
    value += text_[at_];
  }
  return fail(ErrorCode::invalid, fmt::format("line {}: the quote does not end", start));
}

}  // namespace brunt
