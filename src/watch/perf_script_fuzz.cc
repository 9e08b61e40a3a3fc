// Whatever bytes come for perf's output, in whatever split: no crash, the same stacks, and every
// sample in exactly one of them.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/text.h"
#include "watch/perf_script.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const brunt::PerfScript::Limits limits{
      .line_bytes_max = 200, .name_bytes_max = 40, .depth_max = 8, .stacks_max = 20};
  brunt::PerfScript whole(limits);
  whole.feed(text);
  whole.finish();
  brunt::PerfScript split(limits);
  for (std::size_t at = 0; at < text.size(); at += 3) split.feed(text.substr(at, 3));
  split.finish();
  if (whole.folded() != split.folded() || whole.samples() != split.samples()) std::abort();
  std::uint64_t sum = 0;
  const std::string folded = whole.folded();
  for (const std::string_view line : brunt::split(folded, '\n'))
    if (!line.empty())
      sum += std::strtoull(std::string(line.substr(line.rfind(' ') + 1)).c_str(), nullptr, 10);
  if (sum != whole.samples()) std::abort();
  return 0;
}
