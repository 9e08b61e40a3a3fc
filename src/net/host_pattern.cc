#include "net/host_pattern.h"

#include "base/text.h"

namespace brunt {

bool host_fits(std::string_view pattern, std::string_view host) {
  if (!pattern.starts_with("*.")) return equal_ignoring_case(pattern, host);
  const std::string_view end = pattern.substr(1);
  return host.size() > end.size() &&
         equal_ignoring_case(host.substr(host.size() - end.size()), end);
}

}  // namespace brunt
