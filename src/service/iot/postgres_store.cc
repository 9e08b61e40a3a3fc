#include "service/iot/postgres_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "loop/loop.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;

// Sent as one text it is one transaction. The lock keeps two services that start at once from
// making the same table twice. The number only has to be nobody else's: it spells "iot" and 002.
const std::string schema = R"(
select pg_advisory_xact_lock(1768911922);
create table if not exists device (id uuid primary key);
create table if not exists measurement (
  device_id uuid not null references device,
  time timestamptz not null,
  charge_now integer,
  charge_full integer,
  charge_rate double precision,
  ambient_temp double precision,
  water_temp double precision,
  water_level integer);
create table if not exists command (
  device_id uuid not null references device,
  time timestamptz not null,
  charge boolean,
  fill boolean,
  flush double precision,
  status boolean);
)";

constexpr std::string_view has_extension =
    "select count(*) from pg_available_extensions where name = 'timescaledb'";
const std::string make_hypertable_sql =
    "create extension if not exists timescaledb; "
    "select create_hypertable('measurement', 'time', if_not_exists => true, migrate_data => true)";

constexpr std::string_view insert_devices =
    "insert into device (id) select unnest($1::uuid[]) on conflict do nothing";
constexpr std::string_view insert_measurements =
    "insert into measurement (device_id, time, charge_now, charge_full, charge_rate, ambient_temp,"
    " water_temp, water_level) select * from unnest($1::uuid[], $2::timestamptz[], $3::int4[],"
    " $4::int4[], $5::float8[], $6::float8[], $7::float8[], $8::int4[])";
constexpr std::string_view insert_commands =
    "insert into command (device_id, time, charge, fill, flush, status) select * from"
    " unnest($1::uuid[], $2::timestamptz[], $3::bool[], $4::bool[], $5::float8[], $6::bool[])";

const std::string totals_query = fmt::format(
    "select (select count(*) from measurement), (select count(*) from device),"
    " coalesce(sum(charge_now), 0), coalesce(sum(water_level), 0),"
    " coalesce(sum(water_level * {} * (water_temp - ambient_temp)), 0) from"
    " (select distinct on (device_id) charge_now, water_level, water_temp, ambient_temp"
    " from measurement order by device_id, time desc) as last",
    water_kilojoules_per_litre_kelvin);

const std::string hours_query = fmt::format(
    "select extract(epoch from date_trunc('hour', time))::int8 as hour, count(ambient_temp),"
    " avg(ambient_temp), stddev_pop(ambient_temp) from measurement where ambient_temp is not null"
    " and time >= (select date_trunc('hour', max(time)) from measurement) - interval '{} hours'"
    " group by hour order by hour",
    statistics_hours_max - 1);

WallTime wall_of(std::int64_t us) {
  return {.unix_ns = us * 1000};
}

template <typename Row, typename Value, typename Get>
std::vector<Value> column(const std::vector<Row>& rows, Get&& get) {
  std::vector<Value> values;
  values.reserve(rows.size());
  for (const Row& row : rows) values.push_back(get(row));
  return values;
}

template <typename Value, typename Get>
std::vector<Value> measured(const IotGroup& group, Get&& get) {
  return column<Measurement, Value>(group.measurements, get);
}

template <typename Value, typename Get>
std::vector<Value> commanded(const IotGroup& group, Get&& get) {
  return column<CommandRecord, Value>(group.commands, get);
}

using MaybeInteger = std::optional<std::int32_t>;
using MaybeNumber = std::optional<double>;
using MaybeFlag = std::optional<std::uint8_t>;

PostgresParams params_of_measurements(const IotGroup& group) {
  PostgresParams params;
  using Row = Measurement;
  params.add_uuids(measured<UuidBytes>(group, [](const Row& row) { return bytes_of(row.device); }));
  params.add_times(measured<WallTime>(group, [](const Row& row) { return wall_of(row.time_us); }));
  params.add_integers(measured<MaybeInteger>(group, [](const Row& row) { return row.charge_now; }));
  params.add_integers(
      measured<MaybeInteger>(group, [](const Row& row) { return row.charge_full; }));
  params.add_numbers(measured<MaybeNumber>(group, [](const Row& row) { return row.charge_rate; }));
  params.add_numbers(
      measured<MaybeNumber>(group, [](const Row& row) { return row.ambient_temp_celsius; }));
  params.add_numbers(
      measured<MaybeNumber>(group, [](const Row& row) { return row.water_temp_celsius; }));
  params.add_integers(
      measured<MaybeInteger>(group, [](const Row& row) { return row.water_level_litres; }));
  return params;
}

PostgresParams params_of_commands(const IotGroup& group) {
  PostgresParams params;
  using Row = CommandRecord;
  params.add_uuids(
      commanded<UuidBytes>(group, [](const Row& row) { return bytes_of(row.device); }));
  params.add_times(commanded<WallTime>(group, [](const Row& row) { return wall_of(row.time_us); }));
  params.add_flags(
      commanded<MaybeFlag>(group, [](const Row& row) { return std::uint8_t{row.command.charge}; }));
  params.add_flags(
      commanded<MaybeFlag>(group, [](const Row& row) { return std::uint8_t{row.command.fill}; }));
  params.add_numbers(commanded<MaybeNumber>(
      group, [](const Row& row) { return static_cast<double>(row.command.flush_litres); }));
  params.add_flags(commanded<MaybeFlag>(
      group, [](const Row& row) { return std::uint8_t{row.command.informed}; }));
  return params;
}

PostgresPoolOptions pool_options(const IotStoreOptions& options) {
  PostgresPoolOptions pool;
  pool.connection.url = options.url;
  pool.connection.application_name = "brunt iot";
  // What the server's configuration says otherwise does not count: a 2xx promises the disk. Hours
  // are hours of UTC.
  pool.connection.session_sql = "set synchronous_commit = on; set time zone 'UTC'";
  // One more than groups under way, so that statistics do not hold commits up.
  pool.connections_max = static_cast<std::uint32_t>(options.connections) + 1;
  return pool;
}

// What may pass by itself: a server that is starting, or restarting.
bool may_pass(ErrorCode code) {
  return code == ErrorCode::refused || code == ErrorCode::unreachable || code == ErrorCode::reset ||
         code == ErrorCode::timeout || code == ErrorCode::exhausted;
}

}  // namespace

PostgresIotStore::PostgresIotStore(const IotStoreOptions& options)
    : lanes_(options.connections),
      statement_timeout_(options.statement_timeout),
      pool_(pool_options(options)) {}

Result<std::unique_ptr<IotStore>> PostgresIotStore::open(Fiber& self,
                                                         const IotStoreOptions& options) {
  // make_unique cannot reach a private constructor.
  std::unique_ptr<PostgresIotStore> store(new PostgresIotStore(options));
  const Instant give_up = self.now() + options.start_timeout;
  for (;;) {
    auto made = store->make_tables(self);
    if (made) return store;
    if (!may_pass(made.error().code) || self.now() >= give_up)
      return std::unexpected(std::move(made).error());
    TRY(self.sleep(300ms));
  }
}

Result<PostgresPool::Lease> PostgresIotStore::connection(Fiber& self) {
  return pool_.acquire(self, deadline(self));
}

Result<> PostgresIotStore::make_tables(Fiber& self) {
  auto lease = TRY(connection(self));
  TRY(lease->execute(self, schema, deadline(self)));
  const auto extension = TRY(lease->query(self, has_extension, {}, deadline(self)));
  if (TRY(extension.integer(0, 0)) > 0) {
    auto made = lease->execute(self, make_hypertable_sql, self.now() + 60s);
    // Without the right to create it, or without its library preloaded, the plain table serves.
    has_timescale_ = made.has_value();
  }
  return {};
}

Result<> PostgresIotStore::commit(Fiber& self, const IotGroup& group) {
  auto lease = TRY(connection(self));
  PostgresParams devices;
  devices.add_uuids(column<Uuid, UuidBytes>(group.devices, bytes_of));
  const PostgresParams measurements = params_of_measurements(group);
  const PostgresParams commands = params_of_commands(group);
  std::vector<PostgresStatement> statements;
  if (!group.devices.empty()) statements.push_back({insert_devices, devices});
  if (!group.measurements.empty()) statements.push_back({insert_measurements, measurements});
  if (!group.commands.empty()) statements.push_back({insert_commands, commands});
  return lease->pipeline(self, statements, deadline(self));
}

Result<> PostgresIotStore::each_device(Fiber& self, UseDevice use) {
  auto lease = TRY(connection(self));
  // A million of them are 36 MB in text form: acceptable once, at the start.
  const auto rows = TRY(lease->query(self, "select id from device", {}, self.now() + 5min));
  for (std::size_t row = 0; row < rows.rows(); ++row)
    if (const auto id = parse_uuid(rows.text(row, 0))) TRY(use(*id));
  return {};
}

Result<bool> PostgresIotStore::has_device(Fiber& self, const Uuid& id) {
  auto lease = TRY(connection(self));
  PostgresParams params;
  params.add_uuid(bytes_of(id));
  const auto rows =
      TRY(lease->query(self, "select 1 from device where id = $1", params, deadline(self)));
  return rows.rows() > 0;
}

Result<IotStatistics> PostgresIotStore::statistics(Fiber& self) {
  auto lease = TRY(connection(self));
  IotStatistics statistics;
  const auto totals = TRY(lease->query(self, totals_query, {}, self.now() + 5min));
  statistics.measurements = TRY(totals.integer(0, 0));
  statistics.devices = TRY(totals.integer(0, 1));
  statistics.total_battery_charge = TRY(totals.integer(0, 2));
  statistics.total_water_volume_litres = TRY(totals.integer(0, 3));
  statistics.water_energy_kilojoules = TRY(totals.number(0, 4));
  const auto hours = TRY(lease->query(self, hours_query, {}, self.now() + 5min));
  for (std::size_t row = 0; row < hours.rows(); ++row)
    statistics.temperature_by_hour.push_back({.hour_unix_s = TRY(hours.integer(row, 0)),
                                              .measurements = TRY(hours.integer(row, 1)),
                                              .mean_celsius = TRY(hours.number(row, 2)),
                                              .deviation_celsius = TRY(hours.number(row, 3))});
  return statistics;
}

}  // namespace brunt
