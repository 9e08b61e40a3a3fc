// What a device reports, what it is told, and the group of such records that one commit makes
// durable. Values.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "service/iot/uuid.h"

namespace brunt {

struct Measurement {
  Uuid device;
  std::int64_t time_us = 0;     // Since the Unix epoch, as the device says.
  std::int32_t charge_now = 0;  // Any unit the fleet agrees on; charge_full in the same.
  std::optional<std::int32_t> charge_full;
  std::optional<double> charge_rate;
  std::optional<double> ambient_temp_celsius;
  std::optional<double> water_temp_celsius;
  std::optional<std::int32_t> water_level_litres;
};

// What a device shall do for the next interval.
struct Command {
  bool charge = false;
  bool fill = false;
  std::uint16_t flush_litres = 0;  // 0: do not flush.
  bool informed = false;           // A measurement was there to decide by.
  friend bool operator==(const Command&, const Command&) = default;
};

// The rules, from the device's last measurement:
//   charge: charge_now is below 80 % of charge_full (of 100 where the device did not say)
//   fill:   water_level is below 50 litres
//   flush:  water_temp is 55 °C or more: a tenth of water_level, at most 65,535 litres
// What the device did not report is taken as: nothing to do. Without a measurement nothing is to be
// done at all.
Command command_for(const Measurement& last);

struct CommandRecord {
  Uuid device;
  std::int64_t time_us = 0;
  Command command;
};

// Committed together, in this order.
struct IotGroup {
  std::vector<Uuid> devices;
  std::vector<Measurement> measurements;
  std::vector<CommandRecord> commands;

  std::size_t size() const { return devices.size() + measurements.size() + commands.size(); }
  bool empty() const { return size() == 0; }
  void clear() {
    devices.clear();
    measurements.clear();
    commands.clear();
  }
};

}  // namespace brunt
