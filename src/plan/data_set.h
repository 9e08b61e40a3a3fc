// Rows of test data from a CSV or JSON file, read whole when the plan is read, and the way to hand
// them out over a run.
//
// A DataSet is immutable and shared by all VUs. A DataCursor is the run's: one for each set,
// shared by all loops (its one counter is atomic), so that `once` means once over the whole run.
//
//   const DataSet users = TRY(DataSet::read_csv(text, {.name = "users.csv"}));
//   DataCursor cursor({.rows = users.rows(), .order = DataOrder::once});
//   if (const auto row = cursor.next(prng)) rows[0] = users.row(*row);
//
// Source: RFC 4180 (a line end inside quotes, doubled quotes); a byte order mark is skipped.
#pragma once
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/prng.h"
#include "base/result.h"
#include "load/segment.h"

namespace brunt {

enum class DataOrder : std::uint8_t {
  sequential,  // 0, 1, 2, ... over all VUs, then from the start.
  random,      // Any row, again and again.
  once,        // Each row one time; then there are none: the VU stops.
};

class DataSet {
 public:
  struct Options {
    std::string name;                  // Of the file, for error texts.
    std::vector<std::string> columns;  // Not empty: the file has no header row.
    char delimiter = ',';
    std::size_t rows_max = 10'000'000;
    std::size_t columns_max = 1'000;
  };

  DataSet() = default;

  // Cells are strings. Errors: invalid with the line (a quote that never ends, a row with too many
  // or too few cells, no rows, a column named twice), too_large.
  static Result<DataSet> read_csv(std::string_view text, const Options& options);

  // An array of objects (columns: their keys in order of appearance, null where one is missing), or
  // of plain values (one column, `value`). Errors: as above.
  static Result<DataSet> read_json(std::string_view text, const Options& options);

  const std::vector<std::string>& columns() const { return columns_; }
  std::size_t rows() const { return columns_.empty() ? 0 : cells_.size() / columns_.size(); }
  // The first of columns().size() cells: what Scope::rows points to. REQUIRES: row < rows().
  const Json* row(std::size_t row) const { return &cells_[row * columns_.size()]; }

 private:
  std::vector<std::string> columns_;
  std::vector<Json> cells_;
};

class DataCursor {
 public:
  struct Options {
    std::size_t rows = 0;
    DataOrder order = DataOrder::sequential;
    // Processes and instances share the rows without talking: each takes those of its segment.
    Segment segment;
  };
  explicit DataCursor(const Options& options)
      : options_(options), rows_owned_(options.segment.share(options.rows)) {}

  // The row to use next; nothing where `once` has no more. Any thread; no lock.
  std::optional<std::size_t> next(Prng& prng);

 private:
  Options options_;
  std::uint64_t rows_owned_;
  std::atomic<std::size_t> taken_{0};
};

}  // namespace brunt
