#include "plan/steps.h"

namespace brunt {

std::string default_request_name(std::string_view target) {
  int depth = 0;  // A `?` within an expression is not the query's.
  for (std::size_t i = 0; i < target.size(); ++i) {
    if (target.substr(i).starts_with("${")) ++depth;
    if (target[i] == '}' && depth > 0) --depth;
    if ((target[i] == '?' || target[i] == '#') && depth == 0)
      return std::string(target.substr(0, i));
  }
  return std::string(target);
}

}  // namespace brunt
