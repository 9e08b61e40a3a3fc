// Fuzz target: the reader of measurements. It must call JSON what the JSON parser calls JSON (but
// for what is nested deeper than it follows), and keep its promises about what it accepts.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/json.h"
#include "service/iot/measurement_reader.h"

using namespace brunt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Measurement measurement;
  const auto read = read_measurement(text, measurement);
  const bool deep = !read && read.error().text.find("nested deeper") != std::string::npos;
  const bool is_json = read.has_value() || read.error().code == ErrorCode::invalid;
  if (!deep && is_json != Json::parse(text, {.depth_max = 512}).has_value()) std::abort();
  if (read && (measurement.time_us < 0 || measurement.charge_now < 0 ||
               measurement.water_level_litres.value_or(0) < 0))
    std::abort();
  static_cast<void>(parse_rfc3339_us(text));
  return 0;
}
