#include "service/iot/measurement.h"

#include <algorithm>

namespace brunt {
namespace {

constexpr std::int64_t charge_below_percent = 80;
constexpr std::int32_t charge_full_assumed = 100;
constexpr std::int32_t fill_below_litres = 50;
constexpr double flush_from_celsius = 55;
constexpr std::int32_t flush_share = 10;  // One litre in ten.
constexpr std::int32_t flush_litres_max = 65'535;

}  // namespace

Command command_for(const Measurement& last) {
  Command command{.informed = true};
  const std::int64_t full = last.charge_full.value_or(charge_full_assumed);
  command.charge = std::int64_t{last.charge_now} * 100 < full * charge_below_percent;
  if (!last.water_level_litres) return command;
  command.fill = *last.water_level_litres < fill_below_litres;
  if (last.water_temp_celsius.value_or(0) >= flush_from_celsius)
    command.flush_litres = static_cast<std::uint16_t>(
        std::min(*last.water_level_litres / flush_share, flush_litres_max));
  return command;
}

}  // namespace brunt
