// Whatever a client of the control API sends: no crash, and a toxic that was taken is written so
// that it is taken again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "fault/control_api.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace brunt;
  const auto json = Json::parse({reinterpret_cast<const char*>(data), size}, {.depth_max = 16});
  if (!json) return 0;
  (void)proxy_from_json(*json, {});
  (void)toxic_from_json(*json, ToxicReading::update);
  const auto toxic = toxic_from_json(*json, ToxicReading::whole);
  if (!toxic) return 0;
  const auto again = Json::parse(to_json(*toxic).dump());
  if (!again || !toxic_from_json(*again, ToxicReading::whole)) std::abort();
  return 0;
}
