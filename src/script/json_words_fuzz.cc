// Any text: what is JSON has no trouble, and what has trouble is told at a place within it.
#include <cstdint>

#include "base/assert.h"
#include "base/json.h"
#include "script/json_words.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string trouble = brunt::trouble_of_json(text);
  const bool has_byte_order_mark = text.starts_with("\xEF\xBB\xBF");  // No JSON to k6.
  if (!has_byte_order_mark && brunt::Json::parse(text)) ASSERT(trouble.empty());
  ASSERT(trouble.empty() || trouble.starts_with("cannot parse json due to an error at line "));
  const std::string error = brunt::syntax_error_of_json(text);
  ASSERT(error.empty() == trouble.empty());
  return 0;
}
