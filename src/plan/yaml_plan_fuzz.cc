// Any bytes as a plan file: an error or a plan, which can be told and scaled; never a crash.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "plan/describe_plan.h"
#include "plan/targets.h"
#include "plan/yaml_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // A folder that holds nothing, so that no file is read.
  const auto plan =
      brunt::read_plan(text, "/nonexistent/fuzz.yaml",
                       {.overrides = {{"store", "postgres"}}, .environment = {}, .time_scale = 3});
  if (plan && brunt::describe_plan(*plan).empty()) __builtin_trap();
  if (!plan && plan.error().text().empty()) __builtin_trap();
  static_cast<void>(brunt::read_targets(text, "/nonexistent/targets"));
  return 0;
}
