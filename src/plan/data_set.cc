#include "plan/data_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "plan/csv_reader.h"

namespace brunt {
namespace {

Result<> check_columns(const std::vector<std::string>& columns, const DataSet::Options& options) {
  if (columns.size() > options.columns_max)
    return fail(ErrorCode::too_large,
                fmt::format("{}: more than {} columns", options.name, options.columns_max));
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].empty())
      return fail(ErrorCode::invalid,
                  fmt::format("{}: column {} has no name", options.name, i + 1));
    if (std::find(columns.begin(), columns.begin() + static_cast<std::ptrdiff_t>(i), columns[i]) !=
        columns.begin() + static_cast<std::ptrdiff_t>(i))
      return fail(ErrorCode::invalid,
                  fmt::format("{}: the column \"{}\" is there twice", options.name, columns[i]));
  }
  return {};
}

std::unexpected<Error> too_many_rows(const DataSet::Options& options) {
  return fail(ErrorCode::too_large,
              fmt::format("{}: more than {} rows", options.name, options.rows_max));
}

void add_columns(const Json& element, std::vector<std::string>& columns) {
  for (const auto& [key, value] : element.object())
    if (std::ranges::find(columns, key) == columns.end()) columns.push_back(key);
}

}  // namespace

Result<DataSet> DataSet::read_csv(std::string_view text, const Options& options) {
  DataSet result;
  result.columns_ = options.columns;
  CsvReader reader(text, options.delimiter);
  std::vector<std::string> record;
  for (;;) {
    const auto more = reader.next(record);
    if (!more) return fail_in(options.name, more.error());
    if (!*more) break;
    if (result.columns_.empty()) {
      for (const std::string& name : record) result.columns_.emplace_back(trim(name));
      continue;
    }
    if (record.size() != result.columns_.size())
      return fail(ErrorCode::invalid,
                  fmt::format("{}: line {} has {} cells where there are {} columns", options.name,
                              reader.line(), record.size(), result.columns_.size()));
    for (std::string& value : record) result.cells_.emplace_back(std::move(value));
    if (result.rows() > options.rows_max) return too_many_rows(options);
  }
  TRY(check_columns(result.columns_, options));
  if (result.rows() == 0)
    return fail(ErrorCode::invalid, fmt::format("{}: there are no rows", options.name));
  return result;
}

Result<DataSet> DataSet::read_json(std::string_view text, const Options& options) {
  auto document = Json::parse(text);
  if (!document) return fail_in(options.name, document.error());
  if (!document->is_array() || document->array().empty())
    return fail(ErrorCode::invalid,
                fmt::format("{}: a list with at least one row is needed", options.name));
  Json::Array& elements = document->array();
  if (elements.size() > options.rows_max) return too_many_rows(options);
  const bool objects = std::ranges::all_of(elements, &Json::is_object);
  if (!objects && std::ranges::any_of(elements, &Json::is_object))
    return fail(ErrorCode::invalid,
                fmt::format("{}: either all rows are objects, or none", options.name));
  DataSet result;
  if (!objects) {
    result.columns_ = {"value"};
    result.cells_ = std::move(elements);
    return result;
  }
  for (const Json& element : elements) {
    add_columns(element, result.columns_);
    if (result.columns_.size() > options.columns_max) break;
  }
  TRY(check_columns(result.columns_, options));
  if (result.columns_.empty())
    return fail(ErrorCode::invalid, fmt::format("{}: the rows have no members", options.name));
  result.cells_.reserve(elements.size() * result.columns_.size());
  for (const Json& element : elements)
    for (const std::string& column : result.columns_) {
      const Json* value = element.find(column);
      result.cells_.push_back(value == nullptr ? Json() : *value);
    }
  return result;
}

std::optional<std::size_t> DataCursor::next(Prng& prng) {
  if (options_.rows == 0 || !options_.segment.owns_any()) return std::nullopt;
  if (options_.order == DataOrder::random)
    return static_cast<std::size_t>(
        prng.between(std::int64_t{0}, static_cast<std::int64_t>(options_.rows) - 1));
  const std::size_t taken = taken_.fetch_add(1, std::memory_order_relaxed);
  if (options_.order == DataOrder::sequential || taken < rows_owned_)
    return options_.segment.nth(taken) % options_.rows;
  // So that asking again and again cannot wrap the counter round.
  taken_.fetch_sub(1, std::memory_order_relaxed);
  return std::nullopt;
}

}  // namespace brunt
