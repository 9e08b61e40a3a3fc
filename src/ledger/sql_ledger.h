// The ledger over any SqlStore: all statements on runs stand in sql_ledger.cc (writing) and
// sql_reader.cc (reading). Internal to this layer.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "ledger/ledger.h"
#include "ledger/sql_store.h"

namespace brunt {

class SqlLedger final : public Ledger {
 public:
  explicit SqlLedger(std::unique_ptr<SqlStore> store) : store_(std::move(store)) {}

  Result<> begin_run(const RunRecord& head) override;
  Result<> append_second(const std::string& run_id, const SecondRecord& second) override;
  Result<> append_logs(const std::string& run_id, const std::vector<LogLine>& lines) override;
  Result<> finish_run(const RunRecord& record) override;
  Result<std::vector<RunSummary>> list(const RunFilter& filter) override;
  Result<std::string> resolve(std::string_view reference) override;
  Result<RunRecord> load(std::string_view reference) override;
  Result<> remove(std::string_view reference) override;
  std::string place() const override { return store_->place(); }

 private:
  Result<> write_run(const RunRecord& record);
  Result<> write_scenarios(const RunRecord& record);
  Result<> write_findings(const RunRecord& record);
  Result<> write_notes(const RunRecord& record);
  Result<> write_logs(const std::string& run_id, const std::vector<LogLine>& lines);
  Result<> clear_facts(const std::string& run_id);
  Result<> add_up(const std::string& run_id);

  std::unique_ptr<SqlStore> store_;
};

// Subqueries over the seconds of the row of `runs` that encloses them. A rate's `sum` counts the
// values that were not zero: of http_req_failed, the failures. Of every protocol: http_reqs,
// frame_reqs, ...
inline constexpr std::string_view sum_of_reqs =
    "(select coalesce(sum(m.sum), 0) from measurements m where m.run = runs.id and m.metric "
    "like '%@_reqs' escape '@')";
inline constexpr std::string_view sum_of_req_failed =
    "(select coalesce(sum(m.sum), 0) from measurements m where m.run = runs.id and m.metric "
    "like '%@_req@_failed' escape '@')";
inline constexpr std::string_view count_of_seconds =
    "(select coalesce(max(s.second) + 1, 0) from seconds s where s.run = runs.id)";

// The same for reading: fills `record` from the tables of run record.run.id.
Result<> read_run(SqlStore& store, RunRecord& record);

}  // namespace brunt
