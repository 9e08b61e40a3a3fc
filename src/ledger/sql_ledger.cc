#include "ledger/sql_ledger.h"

#include <array>
#include <bit>
#include <utility>

#include "base/bytes.h"
#include "base/json.h"
#include "metrics/histogram.h"

namespace brunt {
namespace {

std::int64_t whole(std::uint64_t value) {
  return std::bit_cast<std::int64_t>(value);
}

// Values of one insert; strings that had to be made are kept alive with them.
class Values {
 public:
  Values& add(std::string_view text) {
    values_.emplace_back(text);
    return *this;
  }
  Values& add_made(std::string text) {
    kept_.push_back(std::make_unique<std::string>(std::move(text)));
    return add(*kept_.back());
  }
  Values& add(std::int64_t value) {
    values_.emplace_back(value);
    return *this;
  }
  Values& add_count(std::uint64_t value) { return add(whole(value)); }
  Values& add_number(double value) {
    values_.emplace_back(value);
    return *this;
  }
  Values& add_blob(std::string_view bytes) {
    values_.emplace_back(SqlBlob{bytes});
    return *this;
  }
  Values& add_null() {
    values_.emplace_back(nullptr);
    return *this;
  }
  std::span<const SqlValue> all() const { return values_; }
  bool empty() const { return values_.empty(); }

 private:
  std::vector<SqlValue> values_;
  std::vector<std::unique_ptr<std::string>> kept_;
};

std::string json_of(const std::vector<std::string>& texts) {
  Json array = Json::Array{};
  for (const std::string& text : texts) array.push(text);
  return array.dump();
}

std::string json_of(const TagSet& tags) {
  Json object = Json::Object{};
  for (const Tag& tag : tags) object.set(tag.key, tag.value);
  return object.dump();
}

Result<> insert_all(SqlStore& store, const SqlInsert& into, const Values& values) {
  if (values.empty()) return {};
  return store.insert(into, values.all());
}

}  // namespace

Result<> SqlLedger::write_run(const RunRecord& record) {
  static constexpr std::array<std::string_view, 19> columns = {
      "id",      "plan_name", "plan_text",  "arguments",  "started_ns",    "ended_ns",
      "host",    "kernel",    "cores",      "process_id", "process_start", "brunt_version",
      "backend", "seed",      "time_scale", "warm_up_ns", "status",        "exit_code",
      "verdict"};
  const RunInfo& run = record.run;
  Values values;
  values.add(run.id).add(run.plan_name).add(run.plan_text).add_made(json_of(run.arguments));
  values.add(run.started.unix_ns).add(run.ended.unix_ns).add(run.host).add(run.kernel);
  values.add(std::int64_t{run.cores}).add(run.process.id).add_count(run.process.start_ticks);
  values.add(run.brunt_version).add(run.backend).add_count(run.seed).add_number(run.time_scale);
  values.add(run.warm_up.count()).add(name_of(run.status)).add(std::int64_t{run.exit_code});
  values.add(run.verdict);
  return store_->insert({.table = "runs", .columns = columns, .suffix = ""}, values.all());
}

Result<> SqlLedger::write_scenarios(const RunRecord& record) {
  static constexpr std::array<std::string_view, 13> columns = {
      "run",     "position",   "name",      "executor",    "description", "start_ns", "duration_ns",
      "vus_max", "open_model", "completed", "interrupted", "dropped",     "late"};
  Values values;
  std::int64_t position = 0;
  for (const ScenarioInfo& one : record.scenarios) {
    values.add(record.run.id).add(position++).add(one.name).add(one.executor).add(one.description);
    values.add(one.start.count()).add(one.duration.count()).add_count(one.vus_max);
    values.add(std::int64_t{one.open_model ? 1 : 0}).add_count(one.iterations_completed);
    values.add_count(one.iterations_interrupted).add_count(one.iterations_dropped);
    values.add_count(one.iterations_late);
  }
  TRY(insert_all(*store_, {.table = "scenarios", .columns = columns, .suffix = ""}, values));

  static constexpr std::array<std::string_view, 6> event_columns = {"run",   "position", "from_ns",
                                                                    "to_ns", "kind",     "text"};
  Values events;
  position = 0;
  for (const RunEvent& one : record.events) {
    events.add(record.run.id).add(position++).add(one.from.count()).add(one.to.count());
    events.add(name_of(one.kind)).add(one.text);
  }
  return insert_all(*store_, {.table = "events", .columns = event_columns, .suffix = ""}, events);
}

Result<> SqlLedger::write_findings(const RunRecord& record) {
  static constexpr std::array<std::string_view, 6> check_columns = {"run",  "position", "name",
                                                                    "path", "passes",   "fails"};
  Values checks;
  std::int64_t position = 0;
  for (const CheckResult& one : record.checks) {
    checks.add(record.run.id).add(position++).add(one.name).add(one.group);
    checks.add_count(one.passes).add_count(one.fails);
  }
  TRY(insert_all(*store_, {.table = "checks", .columns = check_columns, .suffix = ""}, checks));

  static constexpr std::array<std::string_view, 8> threshold_columns = {
      "run",    "position", "selector",      "expression",
      "passed", "measured", "measured_text", "aborted_run"};
  Values thresholds;
  position = 0;
  for (const ThresholdResult& one : record.thresholds) {
    thresholds.add(record.run.id).add(position++).add(one.selector).add(one.expression);
    thresholds.add(std::int64_t{one.passed ? 1 : 0});
    if (one.measured)
      thresholds.add_number(*one.measured);
    else
      thresholds.add_null();
    thresholds.add(one.measured_text).add(std::int64_t{one.aborted_run ? 1 : 0});
  }
  return insert_all(*store_, {.table = "thresholds", .columns = threshold_columns, .suffix = ""},
                    thresholds);
}

Result<> SqlLedger::write_notes(const RunRecord& record) {
  static constexpr std::array<std::string_view, 4> subject_columns = {"run", "subject", "metric",
                                                                      "value"};
  Values subjects;
  for (const SubjectValue& one : record.subjects)
    subjects.add(record.run.id).add(one.subject).add(one.metric).add_number(one.value);
  TRY(insert_all(*store_,
                 {.table = "subjects",
                  .columns = subject_columns,
                  .suffix = "on conflict (run, subject, metric) do nothing"},
                 subjects));

  static constexpr std::array<std::string_view, 3> note_columns = {"run", "position", "text"};
  Values notes;
  std::int64_t position = 0;
  for (const std::string& note : record.notes) notes.add(record.run.id).add(position++).add(note);
  TRY(insert_all(*store_, {.table = "notes", .columns = note_columns, .suffix = ""}, notes));

  static constexpr std::array<std::string_view, 3> profile_columns = {"run", "service", "stacks"};
  Values profiles;
  for (const ServiceProfile& one : record.profiles)
    profiles.add(record.run.id).add(one.service).add(one.folded);
  return insert_all(*store_,
                    {.table = "profiles",
                     .columns = profile_columns,
                     .suffix = "on conflict (run, service) do nothing"},
                    profiles);
}

Result<> SqlLedger::write_logs(const std::string& run_id, const std::vector<LogLine>& lines) {
  static constexpr std::array<std::string_view, 8> columns = {
      "timestamp", "event", "stage", "client_id", "log_id", "error", "metadata", "run_id"};
  Values values;
  for (const LogLine& one : lines) {
    values.add_made(format_wall_time(one.time, 6)).add(one.event).add(one.stage);
    values.add(one.client_id).add(one.log_id).add(one.error).add(one.metadata).add(run_id);
  }
  return insert_all(*store_, {.table = "logs", .columns = columns, .suffix = ""}, values);
}

Result<> SqlLedger::clear_facts(const std::string& run_id) {
  const SqlValue id[] = {std::string_view(run_id)};
  TRY(store_->run("delete from runs where id = $1", id));
  TRY(store_->run("delete from scenarios where run = $1", id));
  TRY(store_->run("delete from events where run = $1", id));
  TRY(store_->run("delete from checks where run = $1", id));
  TRY(store_->run("delete from thresholds where run = $1", id));
  TRY(store_->run("delete from subjects where run = $1", id));
  TRY(store_->run("delete from profiles where run = $1", id));
  return store_->run("delete from notes where run = $1", id);
}

Result<> SqlLedger::begin_run(const RunRecord& head) {
  return store_->transaction([&]() -> Result<> {
    TRY(clear_facts(head.run.id));
    TRY(write_run(head));
    TRY(write_scenarios(head));
    return write_findings(head);
  });
}

Result<> SqlLedger::finish_run(const RunRecord& record) {
  return store_->transaction([&]() -> Result<> {
    TRY(clear_facts(record.run.id));
    TRY(write_run(record));
    TRY(write_scenarios(record));
    TRY(write_findings(record));
    TRY(write_notes(record));
    TRY(write_logs(record.run.id, record.logs));
    return add_up(record.run.id);
  });
}

// The main figures of a run, so that a list need not go through its seconds.
Result<> SqlLedger::add_up(const std::string& run_id) {
  Histogram durations;
  const SqlValue id[] = {std::string_view(run_id)};
  TRY(store_->query(
      "select s.histogram from seconds s join series i on i.run = s.run and i.origin = s.origin "
      "and i.series = s.series where s.run = $1 and i.kind = 3 and i.metric like "
      "'%@_req@_duration' escape '@'",
      id, [&](const SqlCells& row) -> Result<> {
        const std::string bytes = row.bytes(0);
        if (const auto one = Histogram::decode(as_bytes(bytes))) durations.merge(*one);
        return {};
      }));
  std::string sql = "update runs set p95_ms = $1, requests = ";
  sql.append(sum_of_reqs).append(", failed_requests = ").append(sum_of_req_failed);
  sql.append(", seconds = ").append(count_of_seconds).append(" where id = $2");
  const SqlValue values[] = {durations.quantile(0.95), std::string_view(run_id)};
  return store_->run(sql, values);
}

Result<> SqlLedger::append_second(const std::string& run_id, const SecondRecord& second) {
  static constexpr std::array<std::string_view, 8> series_columns = {
      "run", "origin", "series", "metric", "kind", "contains", "merge", "tags"};
  static constexpr std::array<std::string_view, 14> row_columns = {
      "run", "second", "origin", "series", "time", "count", "sum",
      "min", "max",    "last",   "p50",    "p95",  "p99",   "histogram"};
  Values series;
  for (const SeriesInfo& one : second.new_series) {
    series.add(run_id).add(second.origin).add(std::int64_t{one.id}).add(one.metric.name);
    series.add(static_cast<std::int64_t>(one.metric.kind));
    series.add(static_cast<std::int64_t>(one.metric.contains));
    series.add(static_cast<std::int64_t>(one.metric.merge)).add_made(json_of(one.tags));
  }
  return store_->transaction([&]() -> Result<> {
    TRY(insert_all(*store_,
                   {.table = "series",
                    .columns = series_columns,
                    .suffix = "on conflict (run, origin, series) do nothing"},
                   series));
    if (second.rows.empty()) return {};
    const SqlValue id[] = {std::string_view(run_id)};
    WallTime started;
    TRY(store_->query("select started_ns from runs where id = $1", id,
                      [&](const SqlCells& row) -> Result<> {
                        started.unix_ns = row.integer(0);
                        return {};
                      }));
    const std::string time =
        format_wall_time({started.unix_ns + std::int64_t{second.second} * 1'000'000'000}, 3);
    Values rows;
    for (const RecordRow& one : second.rows) {
      rows.add(run_id).add(std::int64_t{second.second}).add(second.origin);
      rows.add(std::int64_t{one.series}).add(time).add_count(one.count).add_number(one.sum);
      rows.add_number(one.min).add_number(one.max).add_number(one.last).add_number(one.p50);
      rows.add_number(one.p95).add_number(one.p99).add_blob(one.histogram);
    }
    return store_->insert(
        {.table = "seconds", .columns = row_columns, .suffix = "on conflict do nothing"},
        rows.all());
  });
}

Result<> SqlLedger::append_logs(const std::string& run_id, const std::vector<LogLine>& lines) {
  return store_->transaction([&]() -> Result<> { return write_logs(run_id, lines); });
}

Result<> SqlLedger::remove(std::string_view reference) {
  const std::string id = TRY(resolve(reference));
  const SqlValue values[] = {std::string_view(id)};
  return store_->transaction([&]() -> Result<> {
    TRY(clear_facts(id));
    TRY(store_->run("delete from series where run = $1", values));
    TRY(store_->run("delete from seconds where run = $1", values));
    return store_->run("delete from logs where run_id = $1", values);
  });
}

}  // namespace brunt
