// The ledger's tables, in steps. A step is never changed once released: a new one is added.
#include <array>
#include <string>
#include <utility>

#include "ledger/sql_store.h"

namespace brunt {
namespace {

// What differs between the two: type names, the primary key of what may become a hypertable (the
// partitioning column must be in it), and how a tree that is clustered by its key is asked for.
struct Words {
  std::string_view json, blob, real, time, seconds_key, clustered;
};
constexpr Words sqlite_words{"text",         "blob", "real", "text", "run, second, origin, series",
                             "without rowid"};
constexpr Words postgres_words{
    "jsonb", "bytea", "double precision", "timestamptz", "run, second, origin, series, time", ""};

std::string replaced(std::string text, std::string_view mark, std::string_view with) {
  for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) {
    text.replace(at, mark.size(), with);
    at += with.size();
  }
  return text;
}

constexpr std::string_view tables_1 = R"sql(
create table runs (
  id text primary key, plan_name text not null, plan_text text not null, arguments JSON not null,
  started_ns bigint not null, ended_ns bigint not null, host text not null, kernel text not null,
  cores bigint not null, process_id bigint not null, process_start bigint not null,
  brunt_version text not null, backend text not null, seed bigint not null, time_scale REAL not null,
  warm_up_ns bigint not null, status text not null, exit_code bigint not null, verdict text not null,
  requests REAL not null default 0, failed_requests REAL not null default 0,
  seconds bigint not null default 0, p95_ms REAL not null default 0);
create table scenarios (
  run text not null, position bigint not null, name text not null, executor text not null,
  description text not null, start_ns bigint not null, duration_ns bigint not null,
  vus_max bigint not null, open_model bigint not null, completed bigint not null,
  interrupted bigint not null, dropped bigint not null, late bigint not null,
  primary key (run, position));
create table series (
  run text not null, origin text not null, series bigint not null, metric text not null,
  kind bigint not null, contains bigint not null, merge bigint not null, tags JSON not null,
  primary key (run, origin, series));
create table seconds (
  run text not null, second bigint not null, origin text not null, series bigint not null,
  time TIME not null, count bigint not null, sum REAL not null, min REAL not null, max REAL not null,
  last REAL not null, p50 REAL not null, p95 REAL not null, p99 REAL not null, histogram BLOB not null,
  primary key (SECONDS_KEY)) CLUSTERED;
create table checks (
  run text not null, position bigint not null, name text not null, path text not null,
  passes bigint not null, fails bigint not null, primary key (run, position));
create table thresholds (
  run text not null, position bigint not null, selector text not null, expression text not null,
  passed bigint not null, measured REAL, measured_text text not null, aborted_run bigint not null,
  primary key (run, position));
create table events (
  run text not null, position bigint not null, from_ns bigint not null, to_ns bigint not null,
  kind text not null, text text not null, primary key (run, position));
create table subjects (
  run text not null, subject text not null, metric text not null, value REAL not null,
  primary key (run, subject, metric));
create table notes (
  run text not null, position bigint not null, text text not null, primary key (run, position));
create table logs (
  timestamp TIME not null, event text not null, stage text not null, client_id text not null,
  log_id text not null, error text not null, metadata JSON not null, run_id text not null);
create index logs_event on logs (event, log_id, timestamp desc);
create index logs_run on logs (run_id);
create view measurements as
  select seconds.run, seconds.origin, seconds.series, series.metric, series.tags, seconds.time,
         seconds.second, seconds.count, seconds.sum, seconds.min, seconds.max, seconds.last,
         seconds.p50, seconds.p95, seconds.p99
  from seconds join series on series.run = seconds.run and series.origin = seconds.origin
                          and series.series = seconds.series;
)sql";

constexpr std::string_view tables_2 = R"sql(
create table profiles (
  run text not null, service text not null, stacks text not null, primary key (run, service));
)sql";

constexpr std::array<std::string_view, 2> steps = {tables_1, tables_2};

std::string statements_of(std::string_view step, SqlDialect dialect) {
  const Words& words = dialect == SqlDialect::sqlite ? sqlite_words : postgres_words;
  std::string text = replaced(std::string(step), "JSON", words.json);
  text = replaced(std::move(text), "BLOB", words.blob);
  text = replaced(std::move(text), "REAL", words.real);
  text = replaced(std::move(text), "TIME", words.time);
  text = replaced(std::move(text), "SECONDS_KEY", words.seconds_key);
  return replaced(std::move(text), "CLUSTERED", words.clustered);
}

Result<std::int64_t> number_from(SqlStore& store, std::string_view sql) {
  std::int64_t number = 0;
  TRY(store.query(sql, {}, [&](const SqlCells& row) -> Result<> {
    number = row.integer(0);
    return {};
  }));
  return number;
}

// The version that the tables have: 0 where there are none.
Result<std::int64_t> version_of(SqlStore& store) {
  const std::string_view tables =
      store.dialect() == SqlDialect::sqlite
          ? "select count(*) from sqlite_master where name = 'brunt_schema'"
          : "select count(*) from pg_class where relname = 'brunt_schema' and "
            "pg_table_is_visible(oid)";
  if (TRY(number_from(store, tables)) > 0)
    return number_from(store, "select max(version) from brunt_schema");
  if (store.dialect() == SqlDialect::sqlite &&
      TRY(number_from(store, "select count(*) from sqlite_master")) > 0)
    return fail(ErrorCode::invalid,
                store.place() + " is a SQLite database, but no ledger of brunt's");
  return 0;
}

Result<> refuse_newer(const SqlStore& store, std::int64_t version) {
  if (version <= static_cast<std::int64_t>(steps.size())) return {};
  return fail(ErrorCode::invalid, store.place() +
                                      " was written by a newer brunt (tables of version " +
                                      std::to_string(version) + ", this one knows " +
                                      std::to_string(steps.size()) + "): update brunt");
}

Result<> make_hypertables(SqlStore& store) {
  if (store.dialect() != SqlDialect::postgres) return {};
  if (TRY(number_from(store, "select count(*) from pg_extension where extname = 'timescaledb'")) ==
      0)
    return {};
  return store.script(
      "select create_hypertable('seconds', 'time');"
      "select create_hypertable('logs', 'timestamp');");
}

}  // namespace

Result<> migrate(SqlStore& store) {
  const std::int64_t seen = TRY(version_of(store));
  TRY(refuse_newer(store, seen));
  if (seen == static_cast<std::int64_t>(steps.size())) return {};
  return store.transaction([&]() -> Result<> {
    // Two processes may start on a fresh database at once: the second waits here, and then finds
    // the work done.
    if (store.dialect() == SqlDialect::postgres)
      TRY(store.script("select pg_advisory_xact_lock(7249186)"));
    const std::int64_t version = TRY(version_of(store));
    TRY(refuse_newer(store, version));
    if (version == 0) TRY(store.script("create table brunt_schema (version bigint primary key)"));
    for (auto step = static_cast<std::size_t>(version); step < steps.size(); ++step) {
      TRY(store.script(statements_of(steps[step], store.dialect())));
      if (step == 0) TRY(make_hypertables(store));
      TRY(store.script("insert into brunt_schema (version) values (" + std::to_string(step + 1) +
                       ")"));
    }
    return {};
  });
}

Result<> check_schema(SqlStore& store) {
  const std::int64_t version = TRY(version_of(store));
  TRY(refuse_newer(store, version));
  if (version < static_cast<std::int64_t>(steps.size()))
    return fail(ErrorCode::invalid, store.place() + " has no tables of this brunt yet");
  return {};
}

}  // namespace brunt
