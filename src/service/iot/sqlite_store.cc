#include "service/iot/sqlite_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace brunt {
namespace {

// `time` is in microseconds since the Unix epoch, device ids are the 16 bytes of the UUID:
// lower(hex(device_id)) shows them.
const std::string schema = R"(
create table if not exists device (id blob primary key) without rowid;
create table if not exists measurement (
  device_id blob not null references device,
  time integer not null,
  charge_now integer,
  charge_full integer,
  charge_rate real,
  ambient_temp real,
  water_temp real,
  water_level integer);
create table if not exists command (
  device_id blob not null references device,
  time integer not null,
  charge integer,
  fill integer,
  flush real,
  status integer);
)";

constexpr std::string_view insert_device = "insert or ignore into device (id) values (?)";
constexpr std::string_view insert_measurement =
    "insert into measurement (device_id, time, charge_now, charge_full, charge_rate, ambient_temp,"
    " water_temp, water_level) values (?, ?, ?, ?, ?, ?, ?, ?)";
constexpr std::string_view insert_command =
    "insert into command (device_id, time, charge, fill, flush, status) values (?, ?, ?, ?, ?, ?)";

// A bare column beside max() is of the row that has the maximum: SQLite's documented extension.
const std::string totals_query = fmt::format(
    "select coalesce(sum(n), 0), coalesce(sum(charge_now), 0), coalesce(sum(water_level), 0),"
    " coalesce(sum(water_level * {} * (water_temp - ambient_temp)), 0.0) from"
    " (select count(*) as n, charge_now, water_level, water_temp, ambient_temp, max(time)"
    " from measurement group by device_id)",
    water_kilojoules_per_litre_kelvin);

// The squares are taken around 20 °C, so that little is lost when they are subtracted again.
const std::string hours_query = fmt::format(
    "select time / 3600000000 as hour, count(ambient_temp), avg(ambient_temp),"
    " avg((ambient_temp - 20) * (ambient_temp - 20)) from measurement"
    " where ambient_temp is not null and time >= ((select max(time) from measurement)"
    " / 3600000000 - {}) * 3600000000 group by hour order by hour",
    statistics_hours_max - 1);

void bind_maybe(SqliteStatement& statement, int index, const std::optional<double>& value) {
  if (value) return statement.bind_number(index, *value);
  statement.bind_null(index);
}

void bind_maybe(SqliteStatement& statement, int index, const std::optional<std::int32_t>& value) {
  if (value) return statement.bind_integer(index, *value);
  statement.bind_null(index);
}

Result<> insert_group(SqliteDatabase& database, const IotGroup& group) {
  SqliteStatement& device = *TRY(database.prepare(insert_device));
  for (const Uuid& id : group.devices) {
    const UuidBytes bytes = bytes_of(id);
    device.bind_bytes(1, as_text(bytes));
    TRY(device.run());
  }
  SqliteStatement& measurement = *TRY(database.prepare(insert_measurement));
  for (const Measurement& row : group.measurements) {
    const UuidBytes bytes = bytes_of(row.device);
    measurement.bind_bytes(1, as_text(bytes));
    measurement.bind_integer(2, row.time_us);
    measurement.bind_integer(3, row.charge_now);
    bind_maybe(measurement, 4, row.charge_full);
    bind_maybe(measurement, 5, row.charge_rate);
    bind_maybe(measurement, 6, row.ambient_temp_celsius);
    bind_maybe(measurement, 7, row.water_temp_celsius);
    bind_maybe(measurement, 8, row.water_level_litres);
    TRY(measurement.run());
  }
  SqliteStatement& command = *TRY(database.prepare(insert_command));
  for (const CommandRecord& row : group.commands) {
    const UuidBytes bytes = bytes_of(row.device);
    command.bind_bytes(1, as_text(bytes));
    command.bind_integer(2, row.time_us);
    command.bind_integer(3, row.command.charge ? 1 : 0);
    command.bind_integer(4, row.command.fill ? 1 : 0);
    command.bind_number(5, row.command.flush_litres);
    command.bind_integer(6, row.command.informed ? 1 : 0);
    TRY(command.run());
  }
  return {};
}

Result<IotStatistics> read_statistics(SqliteDatabase& database) {
  IotStatistics statistics;
  SqliteStatement& devices = *TRY(database.query("select count(*) from device", {}));
  if (TRY(devices.step())) statistics.devices = devices.integer(0);
  devices.reset();
  SqliteStatement& totals = *TRY(database.query(totals_query, {}));
  if (TRY(totals.step())) {
    statistics.measurements = totals.integer(0);
    statistics.total_battery_charge = totals.integer(1);
    statistics.total_water_volume_litres = totals.integer(2);
    statistics.water_energy_kilojoules = totals.number(3);
  }
  totals.reset();
  SqliteStatement& hours = *TRY(database.query(hours_query, {}));
  while (TRY(hours.step())) {
    const double mean = hours.number(2);
    const double variance = hours.number(3) - (mean - 20) * (mean - 20);
    statistics.temperature_by_hour.push_back(
        {.hour_unix_s = hours.integer(0) * 3600,
         .measurements = hours.integer(1),
         .mean_celsius = mean,
         .deviation_celsius = std::sqrt(std::max(0.0, variance))});
  }
  return statistics;
}

}  // namespace

Result<std::unique_ptr<IotStore>> SqliteIotStore::open(Fiber& self, const std::string& path) {
  // make_unique cannot reach a private constructor.
  std::unique_ptr<SqliteIotStore> store(new SqliteIotStore());
  std::filesystem::path file = path;
  if (path.empty()) {
    store->temporary_folder_ = TRY(TemporaryFolder::make("brunt-iot"));
    file = *store->temporary_folder_ / "iot.db";
  }
  store->writer_ = TRY(SqliteThread::open(self, {.path = file}));
  // The foreign keys are for who writes by hand: the service knows its devices, and a look-up for
  // each row would cost as much as the row.
  const auto make_tables = [](SqliteDatabase& database) -> Result<> {
    TRY(database.execute("pragma foreign_keys = off"));
    return database.execute(schema);
  };
  TRY(store->writer_->call(self, make_tables));
  if (path != ":memory:")
    store->reader_ =
        TRY(SqliteThread::open(self, {.path = file, .access = SqliteAccess::read_only}));
  return store;
}

SqliteIotStore::~SqliteIotStore() {
  reader_.reset();
  writer_.reset();
}

Result<> SqliteIotStore::commit(Fiber& self, const IotGroup& group) {
  Waiting mine{.group = &group, .outcome = {}};
  {
    const std::lock_guard lock(mutex_);  // Once a group, not once a request.
    waiting_.push_back(&mine);
  }
  TRY(writer_->call(self, [this](SqliteDatabase& database) -> Result<> {
    commit_waiting(database);
    return {};
  }));
  return std::move(mine.outcome);
}

// Runs on the writer thread, once for each commit(); the first run takes all that wait, and those
// after it find nothing left to do.
void SqliteIotStore::commit_waiting(SqliteDatabase& database) {
  taken_.clear();
  {
    const std::lock_guard lock(mutex_);
    std::swap(taken_, waiting_);
  }
  if (taken_.empty()) return;
  const auto commit_all = [&]() -> Result<> {
    auto transaction = TRY(SqliteTransaction::begin(database));
    for (const Waiting* waiting : taken_) TRY(insert_group(database, *waiting->group));
    return transaction.commit();
  };
  const Result<> outcome = commit_all();
  for (Waiting* waiting : taken_) waiting->outcome = outcome;
}

Result<> SqliteIotStore::each_device(Fiber& self, UseDevice use) {
  return writer_->call(self, [&](SqliteDatabase& database) -> Result<> {
    SqliteStatement& rows = *TRY(database.query("select id from device", {}));
    while (TRY(rows.step())) {
      if (rows.bytes(0).size() != sizeof(UuidBytes)) continue;  // Written by somebody else.
      auto used = use(uuid_of(rows.bytes(0)));
      if (!used) {
        rows.reset();
        return used;
      }
    }
    return {};
  });
}

Result<bool> SqliteIotStore::has_device(Fiber& self, const Uuid& id) {
  return reader().call(self, [&](SqliteDatabase& database) -> Result<bool> {
    const UuidBytes bytes = bytes_of(id);
    SqliteStatement& row =
        *TRY(database.query("select 1 from device where id = ?", {ByteView(bytes)}));
    const bool found = TRY(row.step());
    row.reset();
    return found;
  });
}

Result<IotStatistics> SqliteIotStore::statistics(Fiber& self) {
  return reader().call(self, [](SqliteDatabase& database) { return read_statistics(database); });
}

}  // namespace brunt
