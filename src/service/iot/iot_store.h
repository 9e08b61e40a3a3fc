// Where the IoT service keeps its records: SQLite or PostgreSQL behind one interface.
//
// What commit() has acknowledged is on the disk (SQLite: WAL with synchronous=FULL; PostgreSQL:
// synchronous_commit=on, as durable as the server's fsync setting). Not so for the two stores that
// say it in their name: `sqlite::memory:`, and `sqlite:` (a temporary file, removed at the end).
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "loop/fiber.h"
#include "service/iot/measurement.h"

namespace brunt {

struct TemperatureOfHour {
  std::int64_t hour_unix_s = 0;  // When the hour begins, UTC.
  std::int64_t measurements = 0;
  double mean_celsius = 0;
  double deviation_celsius = 0;  // Of the population, not of a sample.
};

// The formulas are in docs/reference/iot.md.
struct IotStatistics {
  std::int64_t measurements = 0;
  std::int64_t devices = 0;
  std::int64_t total_battery_charge = 0;
  std::int64_t total_water_volume_litres = 0;
  double water_energy_kilojoules = 0;
  std::vector<TemperatureOfHour> temperature_by_hour;  // Newest last.
};

inline constexpr int statistics_hours_max = 168;  // A week.
// What it takes to heat a litre of water by a degree.
inline constexpr double water_kilojoules_per_litre_kelvin = 4.186;

class IotStore {
 public:
  virtual ~IotStore() = default;

  // All of the group or nothing; parks until it is durable. Several fibers may commit at once.
  // Errors: exhausted (disk), timeout, reset and unreachable (a server that went away), ...
  virtual Result<> commit(Fiber& self, const IotGroup& group) = 0;

  using UseDevice = std::move_only_function<Result<>(const Uuid&)>;
  virtual Result<> each_device(Fiber& self, UseDevice use) = 0;

  // Whether the store has it: another service may have logged it in.
  virtual Result<bool> has_device(Fiber& self, const Uuid& id) = 0;

  virtual Result<IotStatistics> statistics(Fiber& self) = 0;

  // How many groups may be under way at once on one loop.
  virtual std::size_t lanes() const = 0;
  // Whether fibers of several loops may use this object; else each loop opens one.
  virtual bool shared_by_loops() const = 0;

  virtual std::string_view kind() const = 0;  // "sqlite", "postgres", "timescale"
};

struct IotStoreOptions {
  // sqlite:PATH | sqlite: | sqlite::memory: | postgres://… | postgresql://…
  std::string url;
  std::size_t connections = 2;  // To PostgreSQL, for each loop.
  Duration statement_timeout = std::chrono::seconds(10);
  // How long to wait for a server that does not answer yet.
  Duration start_timeout = std::chrono::seconds(10);
};

// Opens it, and makes the tables that are not there. Errors: invalid (the URL), denied, refused, …
Result<std::unique_ptr<IotStore>> open_iot_store(Fiber& self, const IotStoreOptions& options);

}  // namespace brunt
