#include <sys/utsname.h>

#include <array>
#include <bit>
#include <map>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "base/units.h"
#include "ledger/sql_ledger.h"

namespace brunt {
namespace {

std::uint64_t count_of(const SqlCells& row, int column) {
  return std::bit_cast<std::uint64_t>(row.integer(column));
}

std::string host_name() {
  utsname names{};
  return uname(&names) == 0 ? std::string(names.nodename) : std::string();
}

// What the tables say may be older than the truth: a killed process cannot write its end.
void settle_status(RunInfo& run) {
  if (run.status != RunStatus::running || run.host != host_name() || is_alive(run.process)) return;
  run.status = RunStatus::interrupted;
  run.verdict = "Interrupted: the process ended without a word; what it had measured is here.";
}

constexpr std::string_view run_columns =
    "id, plan_name, arguments, started_ns, ended_ns, host, kernel, cores, process_id, "
    "process_start, brunt_version, backend, seed, time_scale, warm_up_ns, status, exit_code, "
    "verdict, p95_ms";
constexpr int after_run_columns = 19;

Result<RunInfo> run_of(const SqlCells& row) {
  RunInfo run;
  run.id = row.text(0);
  run.plan_name = row.text(1);
  const Json arguments = TRY(Json::parse(row.text(2)));
  if (arguments.is_array())
    for (const Json& one : arguments.array()) run.arguments.push_back(one.text());
  run.started.unix_ns = row.integer(3);
  run.ended.unix_ns = row.integer(4);
  run.host = row.text(5);
  run.kernel = row.text(6);
  run.cores = static_cast<std::uint32_t>(row.integer(7));
  run.process = {.id = row.integer(8), .start_ticks = count_of(row, 9)};
  run.brunt_version = row.text(10);
  run.backend = row.text(11);
  run.seed = count_of(row, 12);
  run.time_scale = row.number(13);
  run.warm_up = Duration(row.integer(14));
  run.status = TRY(parse_run_status(row.text(15)));
  run.exit_code = static_cast<int>(row.integer(16));
  run.verdict = row.text(17);
  settle_status(run);
  return run;
}

Result<> read_scenarios(SqlStore& store, RunRecord& record, std::span<const SqlValue> id) {
  TRY(store.query(
      "select name, executor, description, start_ns, duration_ns, vus_max, open_model, completed, "
      "interrupted, dropped, late from scenarios where run = $1 order by position",
      id, [&](const SqlCells& row) -> Result<> {
        ScenarioInfo one;
        one.name = row.text(0);
        one.executor = row.text(1);
        one.description = row.text(2);
        one.start = Duration(row.integer(3));
        one.duration = Duration(row.integer(4));
        one.vus_max = count_of(row, 5);
        one.open_model = row.integer(6) != 0;
        one.iterations_completed = count_of(row, 7);
        one.iterations_interrupted = count_of(row, 8);
        one.iterations_dropped = count_of(row, 9);
        one.iterations_late = count_of(row, 10);
        record.scenarios.push_back(std::move(one));
        return {};
      }));
  return store.query(
      "select from_ns, to_ns, kind, text from events where run = $1 order by position", id,
      [&](const SqlCells& row) -> Result<> {
        const EventKind kind = TRY(parse_event_kind(row.text(2)));
        record.events.push_back({.from = Duration(row.integer(0)),
                                 .to = Duration(row.integer(1)),
                                 .kind = kind,
                                 .text = row.text(3)});
        return {};
      });
}

Result<> read_findings(SqlStore& store, RunRecord& record, std::span<const SqlValue> id) {
  TRY(store.query("select name, path, passes, fails from checks where run = $1 order by position",
                  id, [&](const SqlCells& row) -> Result<> {
                    record.checks.push_back({.name = row.text(0),
                                             .group = row.text(1),
                                             .passes = count_of(row, 2),
                                             .fails = count_of(row, 3)});
                    return {};
                  }));
  TRY(store.query(
      "select selector, expression, passed, measured, measured_text, aborted_run from thresholds "
      "where run = $1 order by position",
      id, [&](const SqlCells& row) -> Result<> {
        ThresholdResult one;
        one.selector = row.text(0);
        one.expression = row.text(1);
        one.passed = row.integer(2) != 0;
        if (!row.is_null(3)) one.measured = row.number(3);
        one.measured_text = row.text(4);
        one.aborted_run = row.integer(5) != 0;
        record.thresholds.push_back(std::move(one));
        return {};
      }));
  TRY(store.query(
      "select subject, metric, value from subjects where run = $1 order by subject, metric", id,
      [&](const SqlCells& row) -> Result<> {
        record.subjects.push_back(
            {.subject = row.text(0), .metric = row.text(1), .value = row.number(2)});
        return {};
      }));
  TRY(store.query("select service, stacks from profiles where run = $1 order by service", id,
                  [&](const SqlCells& row) -> Result<> {
                    record.profiles.push_back({.service = row.text(0), .folded = row.text(1)});
                    return {};
                  }));
  return store.query("select text from notes where run = $1 order by position", id,
                     [&](const SqlCells& row) -> Result<> {
                       record.notes.push_back(row.text(0));
                       return {};
                     });
}

Result<> read_logs(SqlStore& store, RunRecord& record, std::span<const SqlValue> id) {
  const std::string_view sql =
      store.dialect() == SqlDialect::sqlite
          ? "select timestamp, event, stage, client_id, log_id, error, metadata from logs "
            "where run_id = $1 order by timestamp"
          : "select (extract(epoch from timestamp) * 1000000)::bigint, event, stage, client_id, "
            "log_id, error, metadata from logs where run_id = $1 order by timestamp";
  return store.query(sql, id, [&](const SqlCells& row) -> Result<> {
    LogLine line;
    if (store.dialect() == SqlDialect::sqlite)
      line.time = TRY(parse_wall_time(row.text(0)));
    else
      line.time = WallTime{row.integer(0) * 1000};
    line.event = row.text(1);
    line.stage = row.text(2);
    line.client_id = row.text(3);
    line.log_id = row.text(4);
    line.error = row.text(5);
    line.metadata = row.text(6);
    record.logs.push_back(std::move(line));
    return {};
  });
}

// Series of several origins become one where metric and tags are the same.
class SeriesReader {
 public:
  explicit SeriesReader(RunRecord& record) : record_(record), builder_(record) {}

  Result<> add_series(const SqlCells& row) {
    MetricInfo metric{.name = row.text(2)};
    metric.kind = static_cast<MetricKind>(row.integer(3));
    metric.contains = static_cast<Contains>(row.integer(4));
    metric.merge = static_cast<GaugeMerge>(row.integer(5));
    if (metric.kind > MetricKind::trend || metric.contains > Contains::data)
      return fail(ErrorCode::malformed, "series " + metric.name + " is of an unknown kind");
    const Json tags = TRY(Json::parse(row.text(6)));
    std::vector<Tag> pairs;
    if (tags.is_object())
      for (const auto& [key, value] : tags.object()) pairs.push_back({key, value.text()});
    ids_[{row.text(0), row.integer(1)}] = builder_.series(metric, make_tag_set(std::move(pairs)));
    return {};
  }

  Result<> add_row(const SqlCells& row) {
    const std::string origin = row.text(1);
    const auto id = ids_.find({origin, row.integer(2)});
    if (id == ids_.end()) return fail(ErrorCode::malformed, "a row without its series");
    RecordRow one;
    one.series = id->second;
    one.origin = builder_.origin(origin);
    one.second = static_cast<std::uint32_t>(row.integer(0));
    one.count = count_of(row, 3);
    one.sum = row.number(4);
    one.min = row.number(5);
    one.max = row.number(6);
    one.last = row.number(7);
    one.p50 = row.number(8);
    one.p95 = row.number(9);
    one.p99 = row.number(10);
    one.histogram = row.bytes(11);
    if (record_.series[one.series].metric.kind == MetricKind::trend &&
        !Histogram::decode(as_bytes(one.histogram)))
      ++damaged_;
    record_.rows.push_back(std::move(one));
    return {};
  }

  std::uint64_t damaged() const { return damaged_; }

 private:
  RunRecord& record_;
  RecordBuilder builder_;
  std::map<std::pair<std::string, std::int64_t>, std::uint32_t> ids_;
  std::uint64_t damaged_ = 0;
};

Result<> read_rows(SqlStore& store, RunRecord& record, std::span<const SqlValue> id) {
  SeriesReader reader(record);
  TRY(
      store.query("select origin, series, metric, kind, contains, merge, tags from series "
                  "where run = $1 order by origin, series",
                  id, [&](const SqlCells& row) { return reader.add_series(row); }));
  TRY(
      store.query("select second, origin, series, count, sum, min, max, last, p50, p95, p99, "
                  "histogram from seconds where run = $1 order by second, origin, series",
                  id, [&](const SqlCells& row) { return reader.add_row(row); }));
  if (reader.damaged() > 0)
    record.notes.push_back(std::to_string(reader.damaged()) +
                           " rows are damaged in the ledger and left out.");
  return {};
}

}  // namespace

Result<> read_run(SqlStore& store, RunRecord& record) {
  const std::string wanted = record.run.id;
  const SqlValue id[] = {std::string_view(wanted)};
  const std::string sql =
      "select " + std::string(run_columns) + ", plan_text from runs where id = $1";
  const SqlVisitor visit = [&](const SqlCells& row) -> Result<> {
    record.run = TRY(run_of(row));
    record.run.plan_text = row.text(after_run_columns);
    return {};
  };
  TRY(store.query(sql, id, visit));
  TRY(read_scenarios(store, record, id));
  TRY(read_findings(store, record, id));
  TRY(read_logs(store, record, id));
  return read_rows(store, record, id);
}

Result<RunRecord> SqlLedger::load(std::string_view reference) {
  RunRecord record;
  record.run.id = TRY(resolve(reference));
  TRY(read_run(*store_, record));
  return record;
}

Result<std::string> SqlLedger::resolve(std::string_view reference) {
  if (reference == "last" || reference.starts_with("last~")) {
    const std::int64_t back =
        reference == "last" ? 0 : TRY(parse_integer(reference.substr(sizeof("last~") - 1)));
    if (back < 0 || back > 1'000'000)
      return fail(ErrorCode::invalid, "last~N wants a whole number from 0 on");
    const SqlValue values[] = {back};
    std::string found;
    TRY(store_->query("select id from runs order by started_ns desc, id desc limit 1 offset $1",
                      values, [&](const SqlCells& row) -> Result<> {
                        found = row.text(0);
                        return {};
                      }));
    if (found.empty())
      return fail(ErrorCode::not_found,
                  place() + (back == 0 ? " holds no runs yet" : " holds fewer runs than that"));
    return found;
  }
  std::vector<std::string> matching;
  std::vector<std::string> all;
  TRY(store_->query("select id from runs order by started_ns desc limit 10000", {},
                    [&](const SqlCells& row) -> Result<> {
                      all.push_back(row.text(0));
                      if (all.back().starts_with(reference)) matching.push_back(all.back());
                      return {};
                    }));
  for (const std::string& id : matching)
    if (id == reference) return id;
  if (matching.size() == 1) return matching.front();
  if (matching.empty())
    return fail(ErrorCode::not_found,
                "no run \"" + std::string(reference) + "\" in " + place() +
                    did_you_mean(reference, std::vector<std::string_view>(all.begin(), all.end())));
  return fail(ErrorCode::invalid, "\"" + std::string(reference) + "\" fits " +
                                      std::to_string(matching.size()) + " runs: " + matching[0] +
                                      ", " + matching[1] + (matching.size() > 2 ? " …" : ""));
}

Result<std::vector<RunSummary>> SqlLedger::list(const RunFilter& filter) {
  // Figures of a run that has ended stand in its row; of one that has not they are added up here.
  constexpr std::string_view live = "case when status = 'running' then ";
  std::string sql = "select " + std::string(run_columns);
  sql.append(", ").append(live).append(sum_of_reqs).append(" else requests end");
  sql.append(", ").append(live).append(sum_of_req_failed).append(" else failed_requests end");
  sql.append(", ").append(live).append(count_of_seconds).append(" else seconds end from runs");
  std::vector<SqlValue> values;
  if (!filter.plan_name.empty()) {
    sql += " where plan_name = $1";
    values.emplace_back(std::string_view(filter.plan_name));
  }
  // The status is settled after reading, so a filter on it looks at more rows than it returns.
  constexpr std::uint32_t looked_at_max = 1000;
  sql += " order by started_ns desc, id desc limit " +
         std::to_string(filter.status ? looked_at_max : filter.limit);
  std::vector<RunSummary> runs;
  const SqlVisitor visit = [&](const SqlCells& row) -> Result<> {
    RunSummary one;
    one.run = TRY(run_of(row));
    if (runs.size() >= filter.limit || (filter.status && one.run.status != *filter.status))
      return {};
    one.p95_ms = row.number(after_run_columns - 1);
    one.requests = static_cast<std::uint64_t>(row.number(after_run_columns));
    one.failed_requests = static_cast<std::uint64_t>(row.number(after_run_columns + 1));
    one.seconds = static_cast<std::uint32_t>(row.integer(after_run_columns + 2));
    runs.push_back(std::move(one));
    return {};
  };
  TRY(store_->query(sql, values, visit));
  return runs;
}

}  // namespace brunt
